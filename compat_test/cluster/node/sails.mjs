// A Sails server with its Redis adapters for sockets and sessions; see steer.mjs.
//
//   node sails.mjs '{"port": of Redis, "key": of the channels, "secret": …}'
import { require, steer, until } from "./steer.mjs";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

const config = JSON.parse(process.argv[2]);
const seen = [];
const app = new (require("sails").Sails)();
const adapter = { adapter: "@sailshq/socket.io-redis", host: "127.0.0.1", port: config.port };
if (config.key) adapter.key = config.key;
await new Promise((resolve, reject) =>
  app.lift(
    {
      port: config.listen,
      explicitHost: "127.0.0.1",
      // The adapters are found from here.
      appPath: dirname(new URL(import.meta.url).pathname),
      paths: { tmp: join(mkdtempSync(join(tmpdir(), "sails")), ".tmp") },
      log: { level: "silent" },
      hooks: { grunt: false, i18n: false, views: false, pubsub: false },
      globals: false,
      session: { secret: config.secret, adapter: "@sailshq/connect-redis", host: "127.0.0.1", port: config.port, cookie: config.cookie },
      sockets: { ...adapter, onlyAllowOrigins: ["http://127.0.0.1:" + config.listen] },
      routes: {
        "GET /session": (req, res) => res.json(Object.fromEntries(Object.entries(req.session).filter(([k]) => k !== "cookie"))),
        "PUT /session": (req, res) => {
          Object.assign(req.session, req.body);
          return res.json({});
        },
        "DELETE /session": (req, res) => {
          req.session.destroy(() => res.json({}));
        },
      },
    },
    (err) => (err ? reject(err) : resolve()),
  ),
);
app.on("hook:sockets:adminMessage", (m) => seen.push(m));
const nsp = app.io.of("/");
const call = (name, ...args) => new Promise((resolve, reject) => app.sockets[name](...args, (err) => (err ? reject(err) : resolve())));

steer(config.listen, {
  addRoomMembersToRooms: (m) => call("addRoomMembersToRooms", m.source, m.rooms),
  removeRoomMembersFromRooms: (m) => call("removeRoomMembersFromRooms", m.source, m.rooms),
  leaveAll: (m) => call("leaveAll", m.source),
  join: (m) => call("join", m.socket, m.rooms[0]),
  leave: (m) => call("leave", m.socket, m.rooms[0]),
  broadcast: (m) => void app.sockets.broadcast(m.room, m.event, m.data, ...(m.omit ? [m.omit] : [])),
  blast: (m) => void app.sockets.blast(m.event, m.data),
  blastAdminMessage: (m) => void app.hooks.sockets.blastAdminMessage(m.event, m.payload),
  adminMessages: () => seen.map((m) => m.event),
  rooms: (m) => [...(nsp.sockets.get(m.socket)?.rooms ?? [])].sort(),
});
