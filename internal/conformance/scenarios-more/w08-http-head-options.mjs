// Rules: RS-13, CN-54.
export default {
  title: 'HEAD and OPTIONS over plain HTTP',
  async run(t) {
    for (const u of ['/echo', '/echo/only-get', '/echo/only-post', '/echo/head', '/echo/opt', '/res/string', '/no/such/route', '/test/ping', '/__getcookie']) { await t.http('HEAD', u); }
    for (const u of ['/echo', '/echo/only-get', '/echo/only-post', '/echo/head', '/echo/opt', '/no/such/route', '/user', '/__getcookie']) { await t.http('OPTIONS', u); }
    for (const m of ['PUT', 'DELETE', 'PATCH', 'TRACE', 'PROPFIND']) { await t.http(m, '/echo'); }
    await t.http('POST', '/echo/only-get');
    await t.http('GET', '/echo/only-post');
  },
};
