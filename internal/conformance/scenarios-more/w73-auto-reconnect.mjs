// Rules: CL-13.
export default {
  title: 'Automatic reconnection: subscriptions are gone, the session too',
  async run(t) {
    const jar = t.jar();
    await t.http('GET', '/session/count', { jar });
    const a = await t.socket('a', { reconnection: true, handshake: { cookie: jar.header() } });
    await a.post('/ps/user/subscribe', { ids: [1] });
    await a.get('/session/count');
    await a.get('/test/drop');
    await a.until('reconnect');
    await a.get('/sock/rooms');
    await a.get('/session/count');
    const b = await t.socket('b');
    await b.post('/ps/user/publish', { ids: [1], data: { n: 1 } });
    await t.quiet();
  },
};
