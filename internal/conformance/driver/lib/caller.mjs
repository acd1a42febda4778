// One client release with the differences between releases smoothed over: cases
// are written once for all of them.
import { socketIOClient } from './releases.mjs';

const TRANSPORTS = { websocket: ['websocket'], polling: ['polling'], upgrade: ['polling', 'websocket'] };

export class Caller {
  #io;
  #open = [];
  #tag = Math.random().toString(36).slice(2); // several clients play on one server at once
  waitingFor = 'nothing';

  constructor(version, { url, transport }) {
    this.#io = socketIOClient(version);
    this.version = version.split('.').map(Number);
    this.url = url;
    this.transport = transport;
  }

  // A name for rooms and events that nobody else uses.
  own(name) { return `${name}-${this.#tag}`; }

  // Whether the release is at least major.minor.
  since(major, minor = 0) {
    const [a, b] = this.version;
    return a > major || (a === major && b >= minor);
  }

  // A socket that has not connected yet.
  socket({ namespace = '', mount = '/ext', ...opts } = {}) {
    const s = this.#io(this.url + namespace, {
      path: mount, transports: TRANSPORTS[this.transport], forceNew: true, reconnection: false, timeout: 4000, ...opts,
    });
    this.#open.push(s);
    return s;
  }

  // A socket that has connected.
  async connect(opts) {
    const s = this.socket(opts);
    const refused = new Promise((_, reject) => {
      for (const event of ['connect_error', 'error']) { s.on(event, (e) => reject(new Error(`${event}: ${describe(e)}`))); }
    });
    refused.catch(() => {});
    await Promise.race([this.event(s, 'connect'), refused]);
    return s;
  }

  // A namespace on the connection of another socket.
  also(s, namespace) {
    const other = s.io.socket(namespace, {});
    this.#open.push(other);
    return other;
  }

  // The arguments of the next event of that name.
  event(s, name) {
    this.waitingFor = name;
    return new Promise((settle) => { s.once(name, (...args) => settle(args)); });
  }

  // The arguments of the next n events of that name.
  events(s, name, n) {
    this.waitingFor = `${n} × ${name}`;
    return new Promise((settle) => {
      const got = [];
      s.on(name, (...args) => {
        got.push(args);
        this.waitingFor = `${n} × ${name}, ${got.length} came`;
        if (got.length === n) { settle(got); }
      });
    });
  }

  // Emits and waits for the acknowledgement.
  ask(s, ...args) {
    this.waitingFor = `the acknowledgement of ${args[0]}`;
    return new Promise((settle) => { s.emit(...args, (...answer) => settle(answer)); });
  }

  // The name of the transport in use.
  carrier(s) { return s.io.engine.transport.name; }

  close() {
    for (const s of this.#open) {
      s.io.reconnection?.(false);
      s.io.skipReconnect = true;
      s.disconnect();
      s.io.engine?.close();
    }
  }
}

export function describe(e) {
  if (e instanceof Error) { return e.data === undefined ? e.message : `${e.message} ${JSON.stringify(e.data)}`; }
  return typeof e === 'string' ? e : JSON.stringify(e);
}
