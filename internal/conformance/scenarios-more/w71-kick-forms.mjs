// Rules: CL-13.
export default {
  title: 'Kicked with and without closing the connection, dropped; then connected again',
  async run(t) {
    const [a, b, c] = await t.sockets('a', 'b', 'c');
    for (const s of [a, b, c]) { await s.post('/sock/join', { room: 'r' }); }
    await a.get('/test/kick');
    await b.get('/test/kick?close=yes');
    await t.sleep(150);
    await t.quiet({ label: 'kicked' });
    await c.post('/sock/broadcast', { room: 'r', event: 'left', data: 1 });
    await t.quiet();
    await a.reconnect();
    await a.get('/sock/rooms');
    await c.get('/test/drop');
    await t.sleep(150);
    await t.quiet({ label: 'dropped' });
    await a.get('/test/stats');
    await t.http('GET', '/test/kick');
    await t.http('GET', '/test/drop');
  },
};
