// What one client socket received, in order, since somebody last looked.

const LIFECYCLE = ['connect', 'disconnect', 'error', 'connect_error', 'connect_timeout', 'reconnect', 'reconnecting', 'reconnect_error', 'reconnect_failed'];
const BARRIER_MS = 800;

export const pause = (ms) => new Promise((resume) => setTimeout(resume, ms));

export class Watched {
  received = [];

  constructor(transcript, name) {
    this.transcript = transcript;
    this.name = name;
  }

  note(entry) {
    this.transcript.arrivals++;
    if (!this.transcript.closed) { this.received.push(entry); }
  }

  // Taps a raw socket: every event, whether or not somebody listens, and its life.
  watch(raw) {
    const { masking } = this.transcript;
    const deliver = raw.onevent;
    raw.onevent = (packet, ...rest) => {
      const [event, ...args] = packet?.data ?? [];
      this.note({ event, args: args.map((a) => masking.value(a)) });
      return deliver.call(raw, packet, ...rest);
    };
    for (const life of LIFECYCLE) {
      raw.on(life, (detail) => {
        if (life === 'connect') { masking.connection(idOf(raw), this.name); }
        this.note({ life, ...this.#lifeDetail(life, detail) });
      });
    }
  }

  #lifeDetail(life, detail) {
    const { masking } = this.transcript;
    if (life === 'disconnect') { return typeof detail === 'string' ? { reason: detail } : {}; }
    if (!life.includes('error')) { return {}; }
    const out = { message: masking.text(String(detail?.message || detail)) };
    if (detail?.description && typeof detail.description !== 'object') { out.description = masking.value(detail.description); }
    return out;
  }
}

export function idOf(raw) { return raw && (raw.id || raw.io?.engine?.id); }

// Waits for the outcome of a connection attempt: "connect", "failed" or "timeout".
export function outcome(raw, ms = 3000) {
  if (raw.connected) { return Promise.resolve('connect'); }
  return new Promise((settle) => {
    const timer = setTimeout(settle, ms, 'timeout');
    const as = (result) => () => { clearTimeout(timer); settle(result); };
    raw.once('connect', as('connect'));
    raw.once('connect_error', as('failed'));
    raw.once('error', as('failed'));
  });
}

// One request whose answer arrives after everything the server sent before it.
export function barrier(raw) {
  return new Promise((done) => {
    const timer = setTimeout(done, BARRIER_MS);
    raw.emit('get', { method: 'get', url: '/test/ping', headers: {}, data: {} }, () => { clearTimeout(timer); done(); });
  });
}
