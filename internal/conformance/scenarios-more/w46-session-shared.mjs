// Rules: SE-16.
export default {
  title: 'One session: HTTP and several sockets, login and logout seen by all',
  async run(t) {
    const jar = t.jar();
    await t.http('GET', '/session/count', { jar });
    const a = await t.socket('a', { handshake: { cookie: jar.header() } });
    const b = await t.socket('b', { handshake: { cookie: jar.header() } });
    const c = await t.socket('c');
    for (const s of [a, b, c, a]) { await s.get('/session/count'); }
    await t.http('POST', '/session/login', { jar, json: { userId: 5 } });
    for (const s of [a, b, c]) { await s.get('/session/get'); }
    await a.post('/session/logout');
    await b.get('/session/get');
    await t.http('GET', '/session/get', { jar });
    await b.post('/session/login', { userId: 6 });
    a.disconnect();
    await a.reconnect();
    await a.get('/session/get');
    await t.http('GET', '/session/id', { jar });
    await t.http('GET', '/session/id');
  },
};
