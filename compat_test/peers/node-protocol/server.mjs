// The contract of servers/protocol on the original engine.io and socket.io: what it
// does on the wire is what servers/protocol is compared with.
import { createServer } from "node:http";
import { Server as Engine } from "engine.io";
import { Server } from "socket.io";

const allowEIO3 = process.env.ALLOW_EIO3 !== "0";
const fast = { pingInterval: 300, pingTimeout: 200, upgradeTimeout: 600, allowEIO3 };
const shared = { serveClient: false };

const http = createServer((req, res) => {
  res.statusCode = 404;
  res.end();
});

const base = new Server(http, { ...shared, ...fast, path: "/socket.io", connectTimeout: 1000, cors: { origin: "*" } });
const ext = new Server(http, { ...shared, path: "/ext", allowEIO3, upgradeTimeout: 600 });
const strict = new Server(http, {
  ...shared,
  path: "/strict",
  allowUpgrades: false,
  maxHttpBufferSize: 1000,
  connectTimeout: 300,
  cookie: { name: "io", path: "/", httpOnly: true, sameSite: "lax" },
  cors: { origin: "http://allowed.example", credentials: true },
  allowRequest(req, done) {
    const deny = req._query.deny;
    done(deny === "message" ? "go away" : null, !deny);
  },
});
const recovery = new Server(http, {
  ...shared,
  path: "/recovery",
  pingInterval: 300,
  pingTimeout: 200,
  allowEIO3,
  connectionStateRecovery: { maxDisconnectionDuration: 120_000, skipMiddlewares: true },
});

const engine = new Engine({ ...fast, cors: { origin: "*" } });
engine.attach(http, { path: "/engine.io" });
engine.on("connection", (socket) => {
  socket.on("message", (data) => socket.send(data));
});

function greet(socket) {
  socket.emit("auth", socket.handshake.auth);
}

function baseContract(io) {
  io.on("connection", (socket) => {
    greet(socket);
    socket.on("message", (...args) => {
      if (typeof args.at(-1) === "function") args.pop(); // an acknowledgement nobody gives
      socket.emit("message-back", ...args);
    });
    socket.on("message-with-ack", (...args) => args.pop()(...args));
  });
  io.of("/custom").on("connection", greet);
}

const texts = (list) => (list === null ? [] : Array.isArray(list) ? list : [list]);

function extendedContract(io) {
  const reasons = new Map();

  function everywhere(socket) {
    socket.on("disconnect", (reason) => reasons.set(socket.id, reason));
    socket.on("who", (ack) => {
      const { query, auth, xdomain, secure, url, headers } = socket.handshake;
      ack({
        id: socket.id,
        recovered: socket.recovered,
        rooms: [...socket.rooms],
        transport: socket.conn.transport.name,
        query,
        auth,
        xdomain,
        secure,
        url,
        header: headers["x-test"] ?? "",
        data: socket.data,
      });
    });
  }

  io.of("/custom").on("connection", everywhere);
  io.on("connection", (socket) => {
    everywhere(socket);
    socket.on("reason-of", (id, ack) => ack(reasons.get(id) ?? null));
    socket.on("set-data", (v, ack) => {
      socket.data.v = v;
      ack("ok");
    });
    socket.on("join", (room, ack) => {
      socket.join(room);
      ack("ok");
    });
    socket.on("leave", (room, ack) => {
      socket.leave(room);
      ack("ok");
    });
    socket.on("bcast", (room, except, event, ack) => {
      io.to(texts(room)).except(texts(except)).emit(...event);
      ack("ok");
    });
    socket.on("bcast-volatile", (event, ack) => {
      io.volatile.emit(...event);
      ack("ok");
    });
    socket.on("sbcast", (event, ack) => {
      socket.broadcast.emit(...event);
      ack("ok");
    });
    socket.on("bcast-ack", (room, ms, event, ack) => {
      io.to(texts(room))
        .timeout(ms)
        .emit(...event, (err, responses) => ack(err ? err.message : null, responses));
    });
    socket.on("volatile-me", (n) => {
      for (let i = 0; i < n; i++) socket.volatile.emit("v", i);
      socket.emit("volatile-done");
    });
    socket.on("ask-me", (event) => socket.emit(...event, (...answer) => socket.emit("answered", ...answer)));
    socket.on("ask-timeout", (ms) => {
      socket.timeout(ms).emit("q", (err, ...answer) => socket.emit("asked", err ? err.message : null, ...answer));
    });
    socket.on("bin", (n) => {
      socket.emit("bin", ...Array.from({ length: n }, (_, i) => Buffer.from([i, i + 1])));
    });
    socket.on("many", (n) => {
      for (let i = 0; i < n; i++) socket.emit("m", i);
    });
    socket.on("bye", (close) => socket.disconnect(close));
    socket.on("sockets-leave", (room, ack) => {
      io.in(room).socketsLeave(room);
      ack("ok");
    });
    socket.on("kick", (room, close) => io.in(room).disconnectSockets(close));
  });

  io.of("/locked").use((socket, next) => {
    if (socket.handshake.auth.token === "sesame") return next();
    next(Object.assign(new Error("not authorized"), { data: { code: "E1", n: 1 } }));
  });
  io.of("/locked-plain").use((socket, next) => next(new Error("no entry")));
  io.of(/^\/dyn-\d+$/).on("connection", (socket) => socket.emit("nsp", socket.nsp.name));
}

for (const io of [base, ext, strict, recovery]) baseContract(io);
for (const io of [ext, recovery]) extendedContract(io);

// The original throws on some input; the peer has to go on.
process.on("uncaughtException", (err) => console.error("uncaught:", err.message));
process.on("SIGTERM", () => process.exit(0));
http.listen(Number(process.env.PORT), "127.0.0.1", () => console.log("listening"));
