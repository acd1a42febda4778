// Runs recorded scenarios with one sails.io.js release. Started by the Go tests:
//
//   node scenarios.mjs SAILS_IO_JS_VERSION
//
// Reads one job per line of standard input, {file, url, transport, quietMs,
// replyMs, timeoutMs}, and answers each with one line {status, problem, steps} or,
// to {describe: [files]}, with the scenarios' own wishes.
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import { sailsClient } from './lib/releases.mjs';
import { Transcript, exchange } from './lib/transcript.mjs';

const answers = process.stdout;
for (const method of ['log', 'warn', 'info', 'debug']) { console[method] = () => {}; } // clients chat

const births = { listener: null };
const client = sailsClient(process.argv[2], (raw) => {
  const { listener } = births;
  births.listener = null;
  listener?.(raw);
});

let onStray = () => {};
process.on('uncaughtException', (e) => onStray(e));
process.on('unhandledRejection', (e) => onStray(e));

const scenario = async (file) => (await import(pathToFileURL(file).href)).default;

async function describe(files) {
  const wishes = [];
  for (const file of files) {
    const { title, variant = 'default', client: pinned, transport } = await scenario(file);
    wishes.push({ title, variant, client: pinned, transport });
  }
  return { wishes };
}

async function resetServer(url) {
  const { hostname: host, port } = new URL(url);
  const res = await exchange({ host, port: port || 80, path: '/test/reset', method: 'POST', agent: false, timeout: 8000 });
  if (res.status !== 200) { throw new Error(`POST /test/reset answered ${res.status}`); }
}

async function run(job) {
  await resetServer(job.url);
  const def = await scenario(job.file);
  const limit = def.timeout ?? job.timeoutMs;
  const t = new Transcript({ ...job, client, births });
  let timer;
  const strayed = new Promise((_, reject) => { onStray = reject; });
  const late = new Promise((_, reject) => { timer = setTimeout(() => reject(Object.assign(new Error(`no end after ${limit} ms`), { timeout: true })), limit); });
  const played = (async () => {
    await def.run(t);
    if (!def.noFinalQuiet) { await t.quiet({ label: 'end' }); }
  })();
  const result = { status: 'ok' };
  try {
    await Promise.race([played, late, strayed]);
  } catch (e) {
    result.status = e?.timeout ? 'timeout' : 'error';
    result.problem = String(e?.stack ?? e);
    played.catch(() => {});
  }
  clearTimeout(timer);
  onStray = () => {};
  result.steps = JSON.parse(JSON.stringify(t.steps)); // late callbacks must not change it
  await t.close();
  return result;
}

for await (const line of createInterface({ input: process.stdin })) {
  const job = JSON.parse(line);
  let answer;
  try {
    answer = await (job.describe ? describe(job.describe) : run(job));
  } catch (e) {
    answer = { status: 'error', problem: String(e?.stack ?? e), steps: [] };
  }
  answers.write(`${JSON.stringify(answer)}\n`);
}
process.exit(0);
