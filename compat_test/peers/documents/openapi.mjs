// Checks an OpenAPI document: node openapi.mjs FILE. Prints what is wrong with it and
// ends with 1, or prints "valid".
import { createConfig, lint } from '@redocly/openapi-core';

// The specification itself, and what every reader counts on; no matters of taste.
const config = await createConfig({
  rules: {
    struct: 'error', 'no-unresolved-refs': 'error', 'operation-operationId-unique': 'error', 'no-identical-paths': 'error',
    'path-parameters-defined': 'error', 'operation-parameters-unique': 'error', 'path-declaration-must-exist': 'error',
    'no-path-trailing-slash': 'off', 'no-enum-type-mismatch': 'error', 'no-schema-type-mismatch': 'off',
  },
});
const problems = await lint({ ref: process.argv[2], config });
for (const p of problems) { console.log(`${p.severity} ${p.ruleId} ${p.location.map((l) => l.pointer).join(' ')}: ${p.message}`); }
if (problems.length > 0) { process.exit(1); }
console.log('valid');
