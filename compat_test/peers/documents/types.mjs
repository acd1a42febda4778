// Checks a TypeScript module together with a program that uses it:
// node types.mjs TYPES.ts USE.ts. Prints the errors and ends with 1, or prints "valid".
import ts from 'typescript';

const program = ts.createProgram(process.argv.slice(2), { strict: true, noEmit: true, target: ts.ScriptTarget.ES2020, module: ts.ModuleKind.ESNext, moduleResolution: ts.ModuleResolutionKind.Node10, types: [] });
const problems = ts.getPreEmitDiagnostics(program);
for (const p of problems) { console.log(`${p.file ? p.file.fileName : ''}: ${ts.flattenDiagnosticMessageText(p.messageText, '\n')}`); }
if (problems.length > 0) { process.exit(1); }
console.log('valid');
