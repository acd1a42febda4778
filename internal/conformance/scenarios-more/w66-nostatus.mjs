// Rules: RS-6, CL-10.
export default {
  title: 'sendStatusCode: false',
  variant: 'nostatus',
  async run(t) {
    const a = await t.socket('a');
    for (const u of ['/res/string', '/res/object', '/res/nothing', '/res/bad-data', '/res/error', '/res/status/404', '/res/redirect', '/res/status-204', '/no/such/route', '/res/buffer', '/policy/closed', '/__getcookie']) { await a.get(u); }
    await a.request({ method: 'options', url: '/echo' });
    const r = await t.raw('r', { query: '__sails_io_sdk_version=1.2.1' });
    await r.ask('get', { url: '/res/object' });
    await r.ask('get', { url: '/res/status/404' });
    await r.ask('get', { url: '' });
    await t.http('GET', '/res/status/404');
  },
};
