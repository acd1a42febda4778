// Turns what a client saw into plain JSON that is the same on every run: values
// that differ by nature (connection ids, times, ports, stacks) become named
// placeholders, values JSON cannot hold become one-key objects.

const DAY_MS = 86_400_000;
const HOP_HEADERS = ['connection', 'keep-alive', 'content-length', 'transfer-encoding'];
const HTTP_HEADERS = /^(?:content-type|location|vary|allow|set-cookie|access-control-.*|x-.*)$/;
const NAMED_SECRETS = ['_csrf', 'csrfToken', 'sessionID', 'sid'];

export class Masking {
  #now = Date.now();
  #names = new Map(); // literal text -> placeholder, in the order they were learned
  #port;

  constructor(port) { this.#port = String(port); }

  // Shows a connection id as <sid:name> from now on.
  connection(id, name) {
    if (!id) { return; }
    const shown = `<sid:${name}>`;
    this.#names.set(`${id}`, shown);
    const engineID = `${id}`.replace(/^\/?#?/, '');
    if (engineID.length >= 12) { this.#names.set(engineID, shown); }
  }

  // Shows an arbitrary piece of text as the placeholder from now on.
  word(text, placeholder) { this.#names.set(`${text}`, placeholder); }

  text(s) {
    if (/^\s+at \S/.test(s)) { return '<stack>'; }
    for (const [literal, shown] of this.#names) { s = s.replaceAll(literal, () => shown); }
    return s
      .replace(/\n\s+at [\s\S]*$/, '\n<stack>')
      .replace(/(Here is the raw error: |Unable to parse HTTP body- error occurred :: )[\s\S]*$/, '$1<parser message>')
      .replace(/sails\.sid=[^;\s"]+/g, 'sails.sid=<session>')
      .replace(/\b(?:localhost|127\.0\.0\.1|\[::1\]):(\d+)\b/g, (whole, port) => (port === this.#port ? '<host>' : whole))
      .replace(/::ffff:127\.0\.0\.1|\b127\.0\.0\.1\b|(^|[^:\w])::1(?![:\w])/g, (_, before = '') => `${before}<loopback>`)
      .replace(/\b20\d\d-[01]\d-[0-3]\dT[0-2]\d:[0-5]\d:[0-6]\d(?:\.\d+)?Z\b/g, (stamp) => (this.#near(Date.parse(stamp)) ? '<iso-time>' : stamp))
      .replace(/\b[12]\d{12}\b/g, (ms) => (this.#near(Number(ms)) ? '<ms>' : ms));
  }

  value(v, key) {
    switch (typeof v) {
      case 'undefined': return { '<undefined>': true };
      case 'boolean': return v;
      case 'number': return this.#number(v);
      case 'string': return NAMED_SECRETS.includes(key) && v.length >= 8 ? `<${key}>` : this.text(v);
      case 'object': return v === null ? null : this.#object(v);
      default: return { [`<${typeof v}>`]: true };
    }
  }

  // Headers of a virtual response: every name counts.
  virtualHeaders(headers) {
    if (headers === undefined || headers === null) { return this.value(headers); }
    return sorted(headers, (name, v) => (/^(?:date|etag)$/i.test(name) ? '<masked>' : this.value(v)));
  }

  // Headers of an HTTP response: the ones a client acts upon.
  httpHeaders(headers) {
    const kept = Object.fromEntries(Object.entries(headers).filter(([name]) => HTTP_HEADERS.test(name) && !HOP_HEADERS.includes(name)));
    return sorted(kept, (name, v) => (name === 'set-cookie' ? v.map(maskCookie).sort() : this.value(v)));
  }

  #near(ms) { return Number.isFinite(ms) && Math.abs(ms - this.#now) < DAY_MS; }

  #number(n) {
    if (!Number.isFinite(n)) { return { '<number>': String(n) }; }
    if (Number.isInteger(n) && this.#near(n)) { return '<ms>'; }
    return String(n) === this.#port ? '<port>' : n;
  }

  #object(v) {
    const bytes = bytesOf(v);
    if (bytes) { return { '<bytes>': bytes.toString('hex') }; }
    if (v instanceof Error) { return { '<Error>': this.text(`${v.message}`) }; }
    if (Array.isArray(v)) { return v.map((item) => this.value(item)); }
    const out = {};
    for (const key of Object.keys(v).sort()) { out[this.text(key)] = this.value(v[key], key); }
    return out;
  }
}

// A JSON text that does not depend on key order.
export function stableJSON(v) {
  if (Array.isArray(v)) { return `[${v.map(stableJSON)}]`; }
  if (v === null || typeof v !== 'object') { return JSON.stringify(v) ?? 'null'; }
  return `{${Object.keys(v).sort().map((k) => `${JSON.stringify(k)}:${stableJSON(v[k])}`)}}`;
}

function bytesOf(v) {
  if (v instanceof ArrayBuffer) { return Buffer.from(v); }
  return ArrayBuffer.isView(v) ? Buffer.from(v.buffer, v.byteOffset, v.byteLength) : null;
}

function maskCookie(line) {
  return line.replace(/^([^=]+)=[^;]*/, '$1=<masked>').replace(/Expires=[^;]+/i, 'Expires=<masked>');
}

function sorted(headers, show) {
  return Object.fromEntries(Object.keys(headers).sort().map((name) => [name, show(name, headers[name])]));
}
