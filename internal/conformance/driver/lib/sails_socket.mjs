// A sails.io.js socket as scenarios use it.
import { Watched, barrier, idOf, outcome, pause } from './watched.mjs';
import { stableJSON } from './masking.mjs';

const RAW_SOCKET_MS = 2000;

export class SailsSocket extends Watched {
  #sdk;

  async open(opts) {
    const t = this.transcript;
    const settings = { transports: opts.transports ?? [t.transport], multiplex: opts.multiplex ?? false, ...opts.settings };
    if (opts.query) { settings.query = opts.query; }
    if (opts.headers) { settings.headers = opts.headers; }
    if (opts.handshake) { settings.initialConnectionHeaders = opts.handshake; }
    if (opts.reconnection) { Object.assign(settings, { reconnection: true, reconnectionDelay: 100, reconnectionDelayMax: 100, randomizationFactor: 0 }); }
    const raw = await this.#connect(() => { this.#sdk = t.client.sails.connect(opts.url ?? t.url, settings); });
    if (opts.wait === false) { return; }
    const how = await outcome(raw, opts.connectMs);
    if (how !== 'connect') { await pause(30); } // lets the SDK react to the failure
    t.record({ socket: this.name, opened: how, connected: this.connected });
  }

  async reconnect(changes = {}) {
    if (!this.#sdk.reconnect) { // releases before 0.13.8
      this.transcript.record({ socket: this.name, reopened: 'not offered by this release' });
      return;
    }
    Object.assign(this.#sdk, changes);
    const raw = await this.#connect(() => this.#sdk.reconnect());
    const how = await outcome(raw);
    this.transcript.record({ socket: this.name, reopened: how, connected: this.connected });
  }

  // Runs start and resolves with the raw socket the SDK opens for it, now or soon.
  async #connect(start) {
    const { births } = this.transcript;
    births.listener = (raw) => this.watch(raw);
    start();
    if (this.#sdk._raw) { births.listener = null; }
    for (let waited = 0; !this.#sdk._raw; waited += 10) {
      if (waited >= RAW_SOCKET_MS) { throw new Error(`socket ${this.name}: the client never created a raw socket`); }
      await pause(10);
    }
    return this.#sdk._raw;
  }

  get sock() { return this.#sdk; }
  get id() { return idOf(this.#sdk._raw); }
  get connected() { return Boolean(this.#sdk.isConnected()); }

  get(url, data, o) { return this.#verb('get', url, data, o); }
  post(url, data, o) { return this.#verb('post', url, data, o); }
  put(url, data, o) { return this.#verb('put', url, data, o); }
  patch(url, data, o) { return this.#verb('patch', url, data, o); }
  delete(url, data, o) { return this.#verb('delete', url, data, o); }

  request(options, o = {}) {
    const label = o.label ?? `${options.method || '(default)'} ${options.url} (request)`;
    return this.#ask(label, (cb) => this.#sdk.request({ ...options }, cb), o);
  }

  #verb(method, url, data, o = {}) {
    const args = data === undefined ? [url] : [url, data];
    return this.#ask(o.label ?? `${method.toUpperCase()} ${url}`, (cb) => this.#sdk[method](...args, cb), o);
  }

  // Sends without wanting an answer.
  fire(method, url, data) {
    this.transcript.record({ fired: `${this.name}: ${method.toUpperCase()} ${url}` });
    this.#sdk.request({ method, url, params: data ?? {} });
  }

  // Starts one request and records its answer, or that there was none.
  #ask(label, start, { replyMs = this.transcript.replyMs, silent = false }) {
    const t = this.transcript;
    const step = { request: `${this.name}: ${t.masking.text(label)}` };
    return new Promise((settle) => {
      let answered = false;
      let gaveUp = false;
      const timer = setTimeout(() => { gaveUp = true; step.noReply = true; t.record(step); settle({ noReply: true }); }, replyMs);
      const onAnswer = (body, jwr) => {
        if (answered) { this.note({ extraReply: label }); return; }
        answered = true;
        if (gaveUp) { this.note({ lateReply: label }); return; }
        clearTimeout(timer);
        this.note({ reply: t.masking.text(label) });
        this.#describe(step, body, jwr);
        if (!silent) { t.record(step); }
        settle({ body, jwr, statusCode: jwr?.statusCode, headers: jwr?.headers ?? {} });
      };
      try {
        start(onAnswer);
      } catch (e) {
        clearTimeout(timer);
        step.threw = t.masking.text(String(e.message)).split('\n')[0];
        t.record(step);
        settle({ threw: e });
      }
    });
  }

  #describe(step, body, jwr) {
    const { masking } = this.transcript;
    step.statusCode = masking.value(jwr?.statusCode);
    step.headers = masking.virtualHeaders(jwr?.headers);
    step.body = masking.value(body);
    step.jwrError = Boolean(jwr?.error);
    const jwrBody = masking.value(jwr?.body);
    if (jwr && stableJSON(jwrBody) !== stableJSON(step.body)) { step.jwrBody = jwrBody; }
  }

  disconnect() {
    this.transcript.record({ disconnecting: this.name });
    this.#sdk.disconnect();
  }

  // Waits until the lifecycle event was received, now or earlier.
  async until(life, ms = 5000) {
    for (const end = Date.now() + ms; Date.now() < end; await pause(15)) {
      if (this.received.some((entry) => entry.life === life)) { return true; }
    }
    this.transcript.record({ never: `${this.name}: ${life}` });
    return false;
  }

  async barrier() {
    if (this.#sdk?._raw?.connected) { await barrier(this.#sdk._raw); }
  }

  close() {
    const raw = this.#sdk?._raw;
    if (!raw) { return; }
    raw.io?.reconnection?.(false);
    if (raw.io) { raw.io.skipReconnect = true; }
    if (raw.connected) { raw.disconnect(); } else { raw.io?.engine?.close(); }
  }
}
