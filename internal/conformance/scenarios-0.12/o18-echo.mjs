// Rules: BO-3, BO-12, BO-15.
export default {
  title: '0.12: requests without a route, sessions absent, answers',
  client: 'sails.io.js@0.13.8',
  async run(t) {
    const a = await t.socket('a');
    await a.get('/test/ping');
    await a.get('/no/such/route');
    await a.post('/no/such/route', { x: 1 });
    await a.get('/user/hello');
    await a.get('/user/hello/7');
    await a.post('/user/hello', { id: 8 });
    await a.put('/USER/HELLO/9/');
    await t.http('GET', '/no/such/route');
    await t.http('GET', '/user/hello/3');
    await t.http('GET', '/__getcookie');
    await a.get('/__getcookie');
    const r = await t.raw('r');
    await r.ask('get', { url: '/test/ping' });
    const s = await t.raw('s', { query: '__sails_io_sdk_version=0.13.8' });
    await s.ask('get', { url: 5 });
    await s.ask('get', { url: '/test/ping' });
  },
};
