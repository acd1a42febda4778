// Rules: PL-1, PL-2, PL-5.
export default {
  title: 'Policies over HTTP, with a session, for every verb',
  async run(t) {
    const jar = t.jar();
    for (const k of ['open', 'closed', 'chain', 'chaindeny', 'failing', 'login']) { await t.http('GET', '/policy/' + k, { jar }); }
    await t.http('POST', '/session/login', { jar, json: { userId: 3 } });
    await t.http('GET', '/policy/login', { jar });
    const a = await t.socket('a', { handshake: { cookie: jar.header() } });
    for (const verb of ['get', 'post', 'put', 'patch', 'delete']) { await a[verb]('/policy/login'); await a[verb]('/policy/closed'); }
    await a.request({ method: 'head', url: '/policy/login' });
    await a.request({ method: 'head', url: '/policy/closed' });
    await a.request({ method: 'options', url: '/policy/closed' });
    await a.get('/policy/LOGIN/');
    await a.get('/policy/nothing');
    await a.post('/session/logout');
    await t.http('GET', '/policy/login', { jar });
  },
};
