// A bare socket.io-client as scenarios use it.
import { Watched, barrier, outcome, pause } from './watched.mjs';
import { socketIOClient } from './releases.mjs';

const LABEL_LIMIT = 300;

export class RawSocket extends Watched {
  #sock;

  async open({ version = '2.5.0', query, opts = {}, path = '' }) {
    const t = this.transcript;
    const settings = { transports: [t.transport], forceNew: true, reconnection: false, ...opts };
    if (query) { settings.query = query; }
    this.#sock = socketIOClient(version)(t.url + path, settings);
    this.watch(this.#sock);
    const how = await outcome(this.#sock);
    if (how !== 'connect') { await pause(30); }
    t.record({ rawSocket: this.name, opened: how });
  }

  get sock() { return this.#sock; }
  get connected() { return Boolean(this.#sock.connected); }

  // Emits with an acknowledgement. A last argument {$opts: {label, replyMs}} tunes the recording.
  ask(event, ...args) {
    const t = this.transcript;
    const o = args.at(-1)?.$opts ? args.pop().$opts : {};
    const label = o.label ?? `emit ${event} ${t.masking.text(JSON.stringify(args))}`;
    const step = { raw: `${this.name}: ${label.length > LABEL_LIMIT ? `${label.slice(0, LABEL_LIMIT)}…` : label}` };
    return new Promise((settle) => {
      const timer = setTimeout(() => { step.noReply = true; t.record(step); settle({ noReply: true }); }, o.replyMs ?? t.replyMs);
      this.#sock.emit(event, ...args, (...answer) => {
        if (step.noReply) { return; }
        clearTimeout(timer);
        this.note({ reply: event });
        step.answer = answer.map((a) => this.#shown(a));
        t.record(step);
        settle({ answer });
      });
    });
  }

  #shown(answer) {
    const { masking } = this.transcript;
    const shown = masking.value(answer);
    return answer && typeof answer === 'object' && answer.headers ? { ...shown, headers: masking.virtualHeaders(answer.headers) } : shown;
  }

  tell(event, ...args) {
    this.transcript.record({ rawTold: `${this.name}: emit ${event} ${this.transcript.masking.text(JSON.stringify(args))}` });
    this.#sock.emit(event, ...args);
  }

  disconnect() {
    this.transcript.record({ disconnecting: this.name });
    this.#sock.disconnect();
  }

  async barrier() { if (this.#sock.connected) { await barrier(this.#sock); } }

  close() {
    this.#sock.disconnect();
    this.#sock.io?.engine?.close();
  }
}
