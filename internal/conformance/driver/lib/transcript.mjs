// The object a scenario is given: it opens sockets, sends plain HTTP, and writes
// down what happened.
import http from 'node:http';
import net from 'node:net';
import { Masking, stableJSON } from './masking.mjs';
import { RawSocket } from './raw_socket.mjs';
import { SailsSocket } from './sails_socket.mjs';
import { pause } from './watched.mjs';

const byJSON = (a, b) => (stableJSON(a) < stableJSON(b) ? -1 : 1);

export class Transcript {
  steps = [];
  arrivals = 0; // grows with everything any socket receives
  closed = false;
  #sockets = new Map();

  constructor({ url, transport, client, births, quietMs, replyMs }) {
    const { hostname, port } = new URL(url);
    this.url = url.replace(/\/$/, '');
    this.host = hostname;
    this.port = Number(port || 80);
    this.transport = transport;
    this.client = client;
    this.births = births;
    this.quietMs = quietMs;
    this.replyMs = replyMs;
    this.masking = new Masking(this.port);
    if (!/^(?:localhost|127\.0\.0\.1)$/.test(hostname)) { this.masking.word(`${hostname}:${this.port}`, '<host>'); }
  }

  get mask() { return this.masking; }

  record(step) { if (!this.closed) { this.steps.push(step); } }
  note(text, value) { this.record({ note: text, ...(value !== undefined && { value: this.masking.value(value) }) }); }
  check(text, ok) { this.record({ check: text, ok: Boolean(ok) }); }
  sleep(ms) { return pause(ms); }

  async socket(name, opts = {}) {
    const s = new SailsSocket(this, name);
    this.#sockets.set(name, s);
    await s.open(opts);
    return s;
  }

  async sockets(...names) {
    const opened = [];
    for (const name of names) { opened.push(await this.socket(name)); }
    return opened;
  }

  async raw(name, opts = {}) {
    const s = new RawSocket(this, name);
    this.#sockets.set(name, s);
    await s.open(opts);
    return s;
  }

  jar() { return new Jar(); }

  // One HTTP request on a connection of its own.
  async http(method, path, { headers = {}, body, json, jar, label } = {}) {
    const sent = { ...headers };
    if (json !== undefined) {
      body = JSON.stringify(json);
      sent['content-type'] ||= 'application/json';
    }
    if (jar?.header()) { sent.cookie = jar.header(); }
    if (body !== undefined) { sent['content-length'] = Buffer.byteLength(body); }
    const step = { http: label ?? `${method} ${this.masking.text(path)}` };
    try {
      const res = await exchange({ host: this.host, port: this.port, method, path, headers: sent, agent: false, timeout: this.replyMs + 3000 }, body);
      jar?.take(res.headers['set-cookie']);
      const parsed = parseBody(res);
      let shown = this.masking.value(parsed);
      if (typeof shown === 'string') { shown = shown.replace(/(\\?"sid\\?":\\?")[^"\\]+/g, '$1<sid>'); }
      this.record({ ...step, status: res.status, headers: this.masking.httpHeaders(res.headers), body: shown });
      return { status: res.status, headers: res.headers, body: parsed };
    } catch (e) {
      this.record({ ...step, failed: e.code || e.message });
      return { status: 0, headers: {}, body: null };
    }
  }

  // Sends bytes over bare TCP and records the first line of what comes back.
  async tcp(label, text, waitMs = 400) {
    let got = '';
    const conn = net.connect(this.port, this.host);
    conn.on('data', (chunk) => { got += chunk.toString('latin1'); }).on('error', () => {});
    conn.write(text);
    await Promise.race([pause(waitMs), new Promise((ended) => conn.once('close', ended))]);
    conn.destroy();
    this.record({ tcp: label, first: got.split('\r\n')[0] || '<nothing>' });
    return got;
  }

  // Waits until nothing arrives any more, then records per socket what arrived
  // since the last call.
  async quiet({ ms = this.quietMs, unordered = false, max = 4000, label } = {}) {
    await Promise.all([...this.#sockets.values()].map((s) => s.barrier()));
    const begun = Date.now();
    for (let seen = this.arrivals, since = begun; Date.now() - since < ms && Date.now() - begun < max;) {
      await pause(15);
      if (this.arrivals !== seen) { seen = this.arrivals; since = Date.now(); }
    }
    const sockets = {};
    for (const [name, s] of this.#sockets) {
      const list = s.received.splice(0);
      sockets[name] = unordered ? list.sort(byJSON) : list;
    }
    this.record({ quiet: label || true, sockets, ...(unordered && { unordered: true }) });
    return sockets;
  }

  // Runs steps at once. Their order of completion is open, so their records are sorted.
  async parallel(...starts) {
    const first = this.steps.length;
    const results = await Promise.all(starts.map((start) => start()));
    this.steps.push(...this.steps.splice(first).sort(byJSON));
    return results;
  }

  async close() {
    this.closed = true;
    for (const s of this.#sockets.values()) {
      try { s.close(); } catch { /* it never got as far as connecting */ }
    }
    await pause(10);
  }
}

class Jar {
  #cookies = new Map();

  take(lines = []) {
    for (const line of lines) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      if (name) { this.#cookies.set(name, value); }
    }
  }

  header() { return [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; '); }
}

// One HTTP exchange: {status, headers, bytes}.
export function exchange(options, body) {
  return new Promise((settle, fail) => {
    const req = http.request(options, async (res) => {
      try {
        const chunks = [];
        for await (const chunk of res) { chunks.push(chunk); }
        settle({ status: res.statusCode, headers: res.headers, bytes: Buffer.concat(chunks) });
      } catch (e) { fail(e); }
    });
    req.on('timeout', () => req.destroy(new Error('no answer')));
    req.on('error', fail);
    req.end(body);
  });
}

function parseBody({ headers, bytes }) {
  const type = headers['content-type'] ?? '';
  if (type.includes('octet')) { return bytes; }
  const text = bytes.toString('utf8');
  if (!type.includes('json')) { return text; }
  try { return JSON.parse(text); } catch { return text; }
}
