// Speaks virtual requests with a bare socket.io-client, as applications without
// sails.io.js do. Started by the Go tests:
//
//   node plain.mjs SOCKET_IO_CLIENT_VERSION
//
// Reads one job per line of standard input, {url, transports, query, requests}, where a
// request is [event, message], and answers each with one line {answers, events}: the
// acknowledgements, and what came meanwhile and until one more request was answered.
import { createInterface } from 'node:readline';
import { socketIOClient } from './lib/releases.mjs';

const LIMIT_MS = 15000;
const io = socketIOClient(process.argv[2]);

async function play({ url, transports, query, requests }) {
  const socket = io(url, { transports, query, forceNew: true, reconnection: false });
  const events = [];
  const hear = (name) => (...args) => events.push([name, ...args]);
  for (const name of ['news', 'sails:parseError']) { socket.on(name, hear(name)); }
  try {
    await new Promise((settle, fail) => { socket.once('connect', settle); socket.once('connect_error', fail); });
    const ask = ([event, message]) => new Promise((settle) => { socket.emit(event, message, settle); });
    const answers = [];
    for (const request of requests) { answers.push(await ask(request)); }
    socket.emit('get', { url: 7 }); // without an acknowledgement
    await ask(['get', { url: '/last' }]);
    return { answers, events };
  } finally {
    socket.disconnect();
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  let timer;
  const late = new Promise((settle) => { timer = setTimeout(settle, LIMIT_MS, { problem: 'no answer in time' }); });
  const answer = await Promise.race([play(JSON.parse(line)).catch((e) => ({ problem: String(e?.stack ?? e) })), late]);
  clearTimeout(timer);
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
process.exit(0);
