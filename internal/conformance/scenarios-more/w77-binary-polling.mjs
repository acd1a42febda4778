// Rules: VS-3.
export default {
  title: 'Binary in answers over polling',
  transport: 'polling',
  async run(t) {
    const [a] = await t.sockets('a');
    for (const k of ['buffer', 'nested-buffer']) { await a.get('/res/' + k); }
    const four = await t.raw('four', { version: '4.8.4', query: { __sails_io_sdk_version: '1.2.1' } });
    await four.ask('get', { url: '/res/buffer' });
    await four.ask('post', { url: '/echo', data: { s: 'ż👍' } });
    await t.quiet();
  },
};
