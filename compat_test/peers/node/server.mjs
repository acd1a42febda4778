// The bench server on the original Socket.IO, with its defaults; revision 3 of
// Engine.IO is on, as it is for us. PING_INTERVAL (milliseconds) changes the interval
// of heartbeats, REDIS is the address of a Redis that joins servers to a cluster.
import { createServer } from 'node:http';
import { Server } from 'socket.io';

const port = Number(process.env.PORT);
const http = createServer((_, res) => { res.statusCode = 404; res.end(); });
const options = { allowEIO3: true, serveClient: false };
if (process.env.PING_INTERVAL) { options.pingInterval = Number(process.env.PING_INTERVAL); }
if (process.env.REDIS) {
  const { createClient } = await import('redis');
  const { createAdapter } = await import('@socket.io/redis-adapter');
  const pub = createClient({ url: `redis://${process.env.REDIS}` });
  const sub = pub.duplicate();
  for (const client of [pub, sub]) { client.on('error', () => process.exit(1)); }
  await Promise.all([pub.connect(), sub.connect()]);
  options.adapter = createAdapter(pub, sub);
}
const io = new Server(http, options);

io.on('connection', (socket) => {
  socket.on('echo', (data, ack) => ack(data));
  socket.on('join', (room, ack) => {
    if (typeof room !== 'string') { return ack(false); }
    socket.join(room);
    ack(true);
  });
  socket.on('leave', (room, ack) => {
    if (typeof room !== 'string') { return ack(false); }
    socket.leave(room);
    ack(true);
  });
  socket.on('bcast', ({ room, event, data }, ack) => {
    io.to(room).emit(event, data);
    if (ack) { ack(true); }
  });
  // A virtual request without any of Sails: what the transport alone costs.
  socket.on('get', (request, ack) => {
    const query = Object.fromEntries(new URL(request.url, 'http://localhost').searchParams);
    ack({ body: query, headers: {}, statusCode: 200 });
  });
});

http.listen(port, '127.0.0.1', () => console.log('listening'));
process.on('SIGTERM', () => process.exit(0));
