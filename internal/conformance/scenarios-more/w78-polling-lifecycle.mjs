// Rules: VS-3.
export default {
  title: 'Polling: kick, drop, rooms, blasts, order',
  transport: 'polling',
  async run(t) {
    const [a, b] = await t.sockets('a', 'b');
    await a.post('/sock/join', { room: 'r' });
    for (let i = 0; i < 5; i++) { await b.post('/sock/broadcast', { room: 'r', event: 'n', data: i }, { label: 'n' + i }); }
    await a.get('/sock/ackorder');
    await t.quiet();
    await b.post('/sock/blast', { event: 'all', data: { s: 'łódź \u2028' } });
    await t.quiet();
    await a.get('/test/kick?close=yes');
    await t.sleep(200);
    await b.get('/test/drop');
    await t.sleep(200);
    await t.quiet();
    await t.http('GET', '/test/stats');
  },
};
