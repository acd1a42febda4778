// A Socket.IO server of the original software, with one of its adapters; see steer.mjs.
//
//   node peer.mjs '{"adapter": "redis", …}'
//
// Adapters: redis, redis6, sailshq6, sharded, streams, postgres, none.
import { createServer } from "node:http";
import { changed, require, steer, until } from "./steer.mjs";

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

const http = createServer();
const io = new (require("socket.io").Server)(http, { adapter: await adapters[config.adapter](), ...config.server });
const nsp = io.of("/");
const serverSide = [];

nsp.on("hello", (...args) => {
  const answer = typeof args.at(-1) === "function" ? args.pop() : undefined;
  serverSide.push(args);
  answer?.({ from: config.name, args });
  changed();
});
nsp.on("connection", (socket) => {
  if (!socket.recovered) socket.data.node = config.name;
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
  emitTo: (m) => void nsp.sockets.get(m.socket).emit(...m.args),
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
    await client.ping?.(); // a cluster has none
    await client.quit();
  },
};

await new Promise((resolve) => http.listen(0, "127.0.0.1", resolve));
steer(http.address().port, ops);
