// Rules: CN-41.
export default {
  title: 'Rooms end with the connection',
  async run(t) {
    const [a, b] = await t.sockets('a', 'b');
    for (const room of ['r', 's']) { await a.post('/sock/join', { room }); }
    a.disconnect();
    await t.quiet();
    await b.post('/sock/broadcast', { rooms: ['r', 's'], event: 'e', data: 1 });
    await b.get('/test/stats');
    await a.reconnect();
    await a.get('/sock/rooms');
    await b.post('/sock/broadcast', { room: 'r', event: 'e', data: 2 });
    await t.quiet();
    await b.get('/test/stats');
  },
};
