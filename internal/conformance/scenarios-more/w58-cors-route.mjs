// Rules: CO-1, CO-2.
export default {
  title: 'CORS of a single route',
  async run(t) {
    for (const origin of ['http://one.example', 'http://two.example', 'http://other.example']) {
      await t.http('GET', '/cors/open', { headers: { origin }, label: origin });
      await t.http('HEAD', '/cors/open', { headers: { origin }, label: 'head ' + origin });
      await t.http('OPTIONS', '/cors/open', { headers: { origin, 'access-control-request-method': 'GET' }, label: 'preflight ' + origin });
      await t.http('OPTIONS', '/cors/open', { headers: { origin, 'access-control-request-method': 'POST' }, label: 'preflight for POST ' + origin });
      await t.http('GET', '/echo', { headers: { origin }, label: 'a route without ' + origin });
    }
    await t.http('GET', '/cors/open');
    const a = await t.socket('a', { handshake: { origin: 'http://one.example' } });
    await a.get('/cors/open');
    await a.get('/echo');
    await a.request({ method: 'options', url: '/cors/open' });
    const b = await t.socket('b');
    await b.get('/cors/open');
    const c = await t.socket('c', { handshake: { origin: 'http://other.example' } });
    await c.get('/cors/open');
  },
};
