// Rules: CO-1, CN-53.
const one = { origin: 'http://one.example' };
export default {
  title: 'CORS on all routes: origins, verbs, preflights over HTTP',
  variant: 'cors',
  async run(t) {
    for (const origin of ['http://one.example', 'http://two.example:8080', 'http://two.example', 'https://one.example', 'http://ONE.example', 'null', 'http://one.example.evil']) {
      await t.http('GET', '/echo', { headers: { origin }, label: origin });
      await t.http('OPTIONS', '/echo', { headers: { origin, 'access-control-request-method': 'PUT', 'access-control-request-headers': 'x-custom' }, label: 'preflight ' + origin });
    }
    await t.http('GET', '/echo');
    await t.http('OPTIONS', '/echo');
    for (const m of ['POST', 'PUT', 'PATCH', 'DELETE', 'HEAD']) { await t.http(m, '/res/string', { headers: one }); }
    await t.http('GET', '/no/such/route', { headers: one });
    await t.http('GET', '/res/error', { headers: one });
    await t.http('GET', '/__getcookie', { headers: one });
    await t.http('OPTIONS', '/__getcookie', { headers: { ...one, 'access-control-request-method': 'GET' } });
    await t.http('OPTIONS', '/echo/opt', { headers: { ...one, 'access-control-request-method': 'POST' } });
    await t.http('OPTIONS', '/echo', { headers: { ...one, 'access-control-request-method': 'TRACE', 'access-control-request-headers': 'x-other' } });
    await t.http('GET', '/cors/open', { headers: one });
    await t.http('GET', '/cors/open', { headers: { origin: 'http://two.example' } });
    await t.http('OPTIONS', '/cors/open', { headers: { ...one, 'access-control-request-method': 'GET' } });
  },
};
