// Rules: RS-1.
export default {
  title: 'Binary in answers and events',
  async run(t) {
    const [a] = await t.sockets('a');
    for (const k of ['buffer', 'nested-buffer']) { await a.get('/res/' + k); await a.post('/res/' + k); }
    const r = await t.raw('r', { query: '__sails_io_sdk_version=1.2.1' });
    await r.ask('get', { url: '/res/nested-buffer' });
    const four = await t.raw('four', { version: '4.8.4', query: { __sails_io_sdk_version: '1.2.1' } });
    await four.ask('get', { url: '/res/buffer' });
    await four.ask('get', { url: '/res/nested-buffer' });
    await t.quiet();
  },
};
