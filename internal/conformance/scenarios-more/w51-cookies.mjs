// Rules: SE-4, VR-30.
export default {
  title: 'Cookies set over HTTP and read over both',
  async run(t) {
    const jar = t.jar();
    await t.http('GET', '/cookie/get', { jar });
    await t.http('GET', '/cookie/set', { jar });
    await t.http('GET', '/cookie/get', { jar });
    const a = await t.socket('a', { handshake: { cookie: jar.header() } });
    await a.get('/cookie/get');
    await a.get('/cookie/set');
    await a.request({ method: 'get', url: '/cookie/get', headers: { cookie: 'plain=other' } });
    const b = await t.socket('b', { handshake: { cookie: 'plain=a%20b; signed=s%3Aalmond.forged' } });
    await b.get('/cookie/get');
    const c = await t.socket('c', { handshake: { cookie: 'plain="quoted"; plain=second' } });
    await c.get('/cookie/get');
    const d = await t.socket('d');
    await d.get('/cookie/get');
    await t.http('GET', '/cookie/get', { headers: { cookie: 'plain=%zz' } });
    await t.http('POST', '/cookie/set');
    await t.http('GET', '/session/count', { headers: { cookie: 'sails.sid=junk' } });
  },
};
