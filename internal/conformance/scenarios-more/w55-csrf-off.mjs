// Rules: CS-5, CS-6, CS-8.
export default {
  title: 'Routes with csrf settings and the token action when CSRF is off',
  async run(t) {
    const jar = t.jar();
    await t.http('GET', '/csrf', { jar });
    await t.http('POST', '/csrf/forced', { jar });
    await t.http('POST', '/csrf/exempt', { jar });
    const a = await t.socket('a', { handshake: { cookie: jar.header() } });
    await a.get('/csrf');
    await a.post('/csrf/forced', { x: 1 });
    await a.post('/csrf/forced', { _csrf: 'x' });
    await a.post('/csrf/exempt', { x: 1 });
  },
};
