// Runs the original software in place of one of our servers, to check this
// harness and to record transcripts:
//
//   PORT=… node reference.mjs DIRECTORY_WITH_APP_JS
//
// Prints "listening" once GET /test/ping answers, ends on SIGTERM.
import { spawn } from 'node:child_process';
import { exchange } from './lib/transcript.mjs';
import { pause } from './lib/watched.mjs';

const app = spawn('node', ['app.js'], { cwd: process.argv[2], stdio: 'inherit' });
app.once('exit', (code) => process.exit(code ?? 1));
process.once('SIGTERM', () => {
  app.removeAllListeners('exit').once('exit', () => process.exit(0));
  app.kill('SIGKILL');
});

const ready = () => exchange({ host: '127.0.0.1', port: process.env.PORT, path: '/test/ping', agent: false, timeout: 2000 })
  .then((res) => res.status === 200, () => false);
while (!(await ready())) { await pause(100); }
console.log('listening');
