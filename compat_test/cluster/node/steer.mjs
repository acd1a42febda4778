// What the servers of this folder have in common: lines of JSON on standard input say
// what to do, {id, op, …}, and are answered by {id, result} or {id, error}. Byte
// strings are {"$bytes": base64}. And clients of the original software.
import { createInterface } from "node:readline";
import { createRequire } from "node:module";

export const require = createRequire(import.meta.url);

const revive = (_, v) => (v && typeof v === "object" && typeof v.$bytes === "string" ? Buffer.from(v.$bytes, "base64") : v);
const show = (v) => {
  if (v instanceof Uint8Array) return { $bytes: Buffer.from(v).toString("base64") };
  if (Array.isArray(v)) return v.map(show);
  if (v && typeof v === "object") return Object.fromEntries(Object.entries(v).map(([k, x]) => [k, show(x)]));
  return v === undefined ? null : v;
};

const clients = new Map();
let waiting = [];

export function changed() {
  const list = waiting;
  waiting = [];
  for (const again of list) again();
}

export async function until(test) {
  for (;;) {
    const result = test();
    if (result !== undefined) return result;
    await new Promise((resolve) => waiting.push(resolve));
  }
}

const clientOps = {
  // A client, connected to any server.
  connect(m) {
    const { io: connect } = require("socket.io-client");
    const socket = connect(m.url, { transports: m.transports ?? ["websocket"], forceNew: true, reconnection: Boolean(m.reconnect), reconnectionDelay: 10, reconnectionDelayMax: 50, query: { name: m.name, ...m.query }, extraHeaders: m.headers, withCredentials: Boolean(m.cookies) });
    const client = { socket, events: [], connects: 0 };
    clients.set(m.name, client);
    socket.onAny((...args) => {
      const answer = typeof args.at(-1) === "function" ? args.pop() : undefined;
      client.events.push(args);
      if (answer && !m.silent) answer(`ack of ${m.name}`, "second");
      changed();
    });
    socket.on("connect", () => {
      client.connects++;
      client.recovered = socket.recovered;
      changed();
    });
    socket.on("disconnect", (reason) => {
      client.events.push(["disconnected", reason]);
      changed();
    });
    return until(() => (client.connects ? socket.id : undefined));
  },
  // The events up to the one named, or as many as asked for; they are forgotten.
  events: (m) => until(() => {
    const list = clients.get(m.name).events;
    if (m.count) return list.length >= m.count ? list.splice(0, m.count) : undefined;
    const at = list.findIndex((e) => e[0] === m.until);
    return at < 0 ? undefined : list.splice(0, at + 1);
  }),
  // The names and first arguments of the events so far; they are kept.
  look: (m) => clients.get(m.name).events.map((e) => e.slice(0, 2)),
  // A virtual request of Sails; the result is the body as text.
  request: (m) =>
    new Promise((resolve) => {
      const envelope = { method: m.method, url: m.url, data: m.data ?? {}, headers: {} };
      clients.get(m.name).socket.emit(m.method, envelope, (answer) => resolve(JSON.stringify(answer.body)));
    }),
  send: (m) => void clients.get(m.name).socket.emit(...m.args),
  // Breaks the connection; the client comes back by itself when it was told to, to m.url.
  async drop(m) {
    const c = clients.get(m.name);
    const before = c.connects;
    if (m.url) c.socket.io.uri = m.url;
    c.socket.io.engine.close();
    await until(() => (c.connects > before ? true : undefined));
    return { id: c.socket.id, recovered: c.recovered };
  },
  // Breaks the connection of a client that does not come back by itself.
  async lose(m) {
    const c = clients.get(m.name);
    c.socket.io.engine.close();
    await until(() => (c.socket.connected ? undefined : true));
  },
  // Brings it back, to m.url.
  async back(m) {
    const c = clients.get(m.name);
    const before = c.connects;
    c.socket.io.uri = m.url;
    c.socket.connect();
    await until(() => (c.connects > before ? true : undefined));
    return { id: c.socket.id, recovered: c.recovered };
  },
  close: (m) => void clients.get(m.name).socket.close(),
};

// steer says on which port the server listens, then does what it is told.
export function steer(port, serverOps) {
  const ops = { ...clientOps, ...serverOps };
  const input = createInterface({ input: process.stdin });
  input.on("close", () => process.exit(0));
  input.on("line", async (line) => {
    const m = JSON.parse(line, revive);
    try {
      const result = await ops[m.op](m);
      process.stdout.write(JSON.stringify({ id: m.id, result: show(result) }) + "\n");
    } catch (err) {
      process.stdout.write(JSON.stringify({ id: m.id, error: String(err?.stack ?? err) }) + "\n");
    }
  });
  process.stdout.write(JSON.stringify({ id: 0, result: port }) + "\n");
}
