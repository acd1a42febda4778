// Runs the cases of lib/cases.mjs with one socket.io-client release. Started by the
// Go tests:
//
//   node clients.mjs SOCKET_IO_CLIENT_VERSION
//
// Reads one job per line of standard input, {url, transport, attempts}, with transport
// websocket, polling or upgrade, and answers each with one line {results}, where a
// result is {name, outcome: "pass" | "fail" | "absent", problem}.
import { createInterface } from 'node:readline';
import { cases } from './lib/cases.mjs';
import { Caller } from './lib/caller.mjs';

const CASE_MS = 8000;
const answers = process.stdout;
for (const method of ['log', 'warn', 'info', 'debug']) { console[method] = () => {}; }

const version = process.argv[2];
let onStray = () => {};
process.on('uncaughtException', (e) => onStray(e));
process.on('unhandledRejection', (e) => onStray(e));

async function play(c, job) {
  const caller = new Caller(version, job);
  if (c.only && !c.only(caller)) { return { name: c.name, outcome: 'absent' }; }
  let timer;
  const late = new Promise((_, reject) => { timer = setTimeout(() => reject(new Error(`no end after ${CASE_MS} ms; waiting for ${caller.waitingFor}`)), CASE_MS); });
  const strayed = new Promise((_, reject) => { onStray = reject; });
  try {
    await Promise.race([c.run(caller), late, strayed]);
    return { name: c.name, outcome: 'pass' };
  } catch (e) {
    return { name: c.name, outcome: 'fail', problem: String(e?.message ?? e).replace(/\s+/g, ' ') };
  } finally {
    clearTimeout(timer);
    onStray = () => {};
    caller.close();
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  const job = JSON.parse(line);
  const results = [];
  for (const c of cases) {
    let result = await play(c, job);
    for (let i = 1; result.outcome === 'fail' && i < Math.max(job.attempts ?? 1, c.attempts ?? 1); i++) { result = await play(c, job); }
    results.push(result);
  }
  answers.write(`${JSON.stringify({ results })}\n`);
}
process.exit(0);
