// Rules: CN-6.
const query = { __sails_io_sdk_version: '1.2.1' };
export default {
  title: 'EIO 4: the server drops and kicks',
  async run(t) {
    const r = await t.raw('r', { version: '4.8.4', query });
    await r.ask('get', { url: '/test/kick' });
    await t.sleep(150);
    await t.quiet();
    const s = await t.raw('s', { version: '4.8.4', query });
    await s.ask('get', { url: '/test/drop' });
    await t.sleep(150);
    await t.quiet();
    const u = await t.raw('u', { version: '4.8.4', query });
    await u.ask('get', { url: '/test/kick?close=yes' });
    await t.sleep(150);
    await t.quiet();
    await t.http('GET', '/test/stats');
  },
};
