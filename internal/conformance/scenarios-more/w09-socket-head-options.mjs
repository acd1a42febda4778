// Rules: CL-9, RS-30, RS-31, SU-19, SU-20.
export default {
  title: 'HEAD and OPTIONS over sockets: explicit routes, shadow routes, unknown paths',
  async run(t) {
    const a = await t.socket('a');
    for (const url of ['/echo', '/echo/only-get', '/echo/only-post', '/echo/head', '/res/string', '/res/object', '/no/such/route', '/test/ping', '/__getcookie']) { await a.request({ method: 'head', url }); }
    for (const url of ['/echo', '/echo/only-get', '/echo/only-post', '/echo/opt', '/no/such/route', '/user', '/__getcookie']) { await a.request({ method: 'options', url }); }
    await a.request({ method: 'HEAD', url: '/echo', data: { up: 1 } });
    await a.request({ method: 'PoSt', url: '/echo', data: { up: 1 } });
  },
};
