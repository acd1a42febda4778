// Rules: VS-3.
export default {
  title: 'Polling, then upgraded to WebSocket',
  async run(t) {
    const a = await t.socket('a', { transports: ['polling', 'websocket'] });
    await a.post('/sock/join', { room: 'r' });
    for (let i = 0; i < 8; i++) { await a.post('/sock/broadcast', { room: 'r', event: 'n', data: i }, { label: 'n' + i }); }
    await a.get('/session/count');
    await a.get('/res/buffer');
    await t.quiet();
    const r = await t.raw('r', { version: '4.8.4', query: { __sails_io_sdk_version: '1.2.1' }, opts: { transports: ['polling', 'websocket'] } });
    for (let i = 0; i < 8; i++) { await r.ask('post', { url: '/echo', data: { i } }); }
    await t.quiet();
  },
};
