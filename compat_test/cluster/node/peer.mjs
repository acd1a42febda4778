// A Socket.IO server of the original software, and clients of the original software,
// steered by lines of JSON on standard input: {id, op, …}, answered by {id, result}
// or {id, error}. Byte strings are {"$bytes": base64}.
//
//   node peer.mjs '{"adapter": "redis", …}'
//
// Adapters: redis, redis6, sailshq6, sharded, streams, postgres, none.
import { createServer } from "node:http";
import { createInterface } from "node:readline";
import { createRequire } from "node:module";

const require = createRequire(import.meta.url);
const config = JSON.parse(process.argv[2]);

const adapters = {
  async redis() {
    const [pub, sub] = await redisClients(2);
    const { createAdapter } = require("@socket.io/redis-adapter");
    return createAdapter(pub, sub, { key: config.key, ...config.options });
  },
  async sharded() {
    const [pub, sub] = await redisClients(2);
    const { createShardedAdapter } = require("@socket.io/redis-adapter");
    return createShardedAdapter(pub, sub, { channelPrefix: config.key, ...config.options });
  },
  async streams() {
    const [client] = await redisClients(1);
    const { createAdapter } = require("@socket.io/redis-streams-adapter");
    return createAdapter(client, { streamName: config.key, channelPrefix: config.key, ...config.options });
  },
  redis6: () => require("socket.io-redis")({ host: "127.0.0.1", port: config.port, key: config.key }),
  sailshq6: () => require("@sailshq/socket.io-redis")({ host: "127.0.0.1", port: config.port, key: config.key }),
  async postgres() {
    const pool = new (require("pg").Pool)({ connectionString: config.postgres });
    pool.on("error", () => {});
    await pool.query(`CREATE TABLE IF NOT EXISTS ${config.table} (
      id bigserial UNIQUE, created_at timestamptz DEFAULT NOW(), payload bytea)`);
    const { createAdapter } = require("@socket.io/postgres-adapter");
    return createAdapter(pool, { channelPrefix: config.key, tableName: config.table, ...config.options });
  },
  none: () => undefined,
};

async function redisClients(n) {
  const { createClient, createCluster } = require("redis");
  const list = [];
  for (let i = 0; i < n; i++) {
    const client = config.cluster
      ? createCluster({ rootNodes: config.cluster.map((url) => ({ url })) })
      : createClient({ url: `redis://127.0.0.1:${config.port}` });
    client.on("error", () => {});
    await client.connect();
    list.push(client);
  }
  return list;
}

const revive = (_, v) => (v && typeof v === "object" && typeof v.$bytes === "string" ? Buffer.from(v.$bytes, "base64") : v);
const show = (v) => {
  if (v instanceof Uint8Array) return { $bytes: Buffer.from(v).toString("base64") };
  if (Array.isArray(v)) return v.map(show);
  if (v && typeof v === "object") return Object.fromEntries(Object.entries(v).map(([k, x]) => [k, show(x)]));
  return v === undefined ? null : v;
};

const http = createServer();
const io = new (require("socket.io").Server)(http, { adapter: await adapters[config.adapter](), ...config.server });
const nsp = io.of("/");
const clients = new Map();
const serverSide = [];
let waiting = [];

function changed() {
  const list = waiting;
  waiting = [];
  for (const again of list) again();
}

async function until(test) {
  for (;;) {
    const result = test();
    if (result !== undefined) return result;
    await new Promise((resolve) => waiting.push(resolve));
  }
}

nsp.on("hello", (...args) => {
  const answer = typeof args.at(-1) === "function" ? args.pop() : undefined;
  serverSide.push(args);
  answer?.({ from: config.name, args });
  changed();
});
nsp.on("connection", (socket) => {
  socket.data.node = config.name;
  changed();
});

const target = ({ to = [], except = [], local, volatile, timeout }) => {
  let op = nsp.to(to).except(except);
  if (local) op = op.local;
  if (volatile) op = op.volatile;
  if (timeout) op = op.timeout(timeout);
  return op;
};

const ops = {
  ready: () => http.address().port,
  emit: (m) => void target(m).emit(...m.args),
  async emitWithAck(m) {
    return new Promise((resolve) => {
      target(m).emit(...m.args, (err, answers) => resolve({ missing: Boolean(err), answers: answers ?? [] }));
    });
  },
  join: (m) => void target(m).socketsJoin(m.rooms),
  leave: (m) => void target(m).socketsLeave(m.rooms),
  disconnect: (m) => void target(m).disconnectSockets(m.close),
  async fetch(m) {
    const sockets = await target(m).fetchSockets();
    return sockets.map((s) => ({ id: s.id, rooms: [...s.rooms], data: s.data, query: s.handshake.query }));
  },
  serverSideEmit: (m) => void io.serverSideEmit(...m.args),
  serverSideEmitWithAck: (m) => io.serverSideEmitWithAck(...m.args),
  serverSideSeen: (m) => until(() => (serverSide.length >= m.count ? serverSide.splice(0) : undefined)),
  serverCount: () => nsp.adapter.serverCount(),
  allRooms: async () => [...(await nsp.adapter.allRooms())].sort(),
  sockets: async (m) => [...(await nsp.adapter.sockets(new Set(m.to)))].sort(),
  remoteJoin: (m) => nsp.adapter.remoteJoin(m.socket, m.room),
  hasRoom: (m) => until(() => (nsp.adapter.rooms.has(m.room) === m.want ? true : undefined)),
  async emitter(m) {
    const { Emitter } = require("@socket.io/redis-emitter");
    const [client] = await redisClients(1);
    const emitter = new Emitter(client, { key: config.key });
    const op = emitter.to(m.to ?? []).except(m.except ?? []);
    for (const [method, ...args] of m.calls) {
      if (method === "serverSideEmit") emitter.serverSideEmit(...args);
      else op[method](...args);
    }
    await client.ping();
    await client.quit();
  },

  // A client, connected to any server.
  connect(m) {
    const { io: connect } = require("socket.io-client");
    const socket = connect(m.url, { transports: m.transports ?? ["websocket"], forceNew: true, reconnection: Boolean(m.reconnect), reconnectionDelay: 10, reconnectionDelayMax: 50, query: { name: m.name } });
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
  // The events up to the one named; they are forgotten.
  events: (m) => until(() => {
    const list = clients.get(m.name).events;
    const at = list.findIndex((e) => e[0] === m.until);
    return at < 0 ? undefined : list.splice(0, at + 1);
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
  close: (m) => void clients.get(m.name).socket.close(),
};

await new Promise((resolve) => http.listen(0, "127.0.0.1", resolve));
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
process.stdout.write(JSON.stringify({ id: 0, result: http.address().port }) + "\n");
