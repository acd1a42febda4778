// Rules: RS-10.
export default {
  title: 'Events before answers, answers in their order',
  async run(t) {
    const [a, b] = await t.sockets('a', 'b');
    for (const s of [a, b]) { await s.post('/sock/join', { room: 'r' }); }
    await t.quiet();
    await a.post('/sock/broadcast', { room: 'r', event: 'mine', data: 1 });
    await a.post('/sock/blast', { event: 'all', data: 2 });
    await a.post('/sock/emit', { event: 'own', args: [3] });
    await a.get('/sock/ackorder');
    await t.quiet();
    for (let i = 0; i < 6; i++) { a.fire('post', '/sock/emit', { event: 'n', args: [i] }); }
    await t.quiet();
    await a.request({ method: 'get', url: '/sock/ackorder', headers: { nosession: 'true' } });
    await t.quiet({ label: 'without a session' });
  },
};
