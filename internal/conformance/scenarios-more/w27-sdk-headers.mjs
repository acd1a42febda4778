// Rules: CN-10.
export default {
  title: 'SDK metadata among the headers of the handshake',
  async run(t) {
    const r = await t.raw('r', { opts: { extraHeaders: { __sails_io_sdk_version: '1.2.1', __sails_io_sdk_platform: 'node', __sails_io_sdk_language: 'javascript' } } });
    await r.ask('get', { url: '/test/ping' });
    const s = await t.raw('s', { query: '__sails_io_sdk_version=1.2.1', opts: { extraHeaders: { __sails_io_sdk_version: '0.10.0' } } });
    await s.ask('get', { url: '/test/ping' });
    const u = await t.raw('u', { query: '__sails_io_sdk_version=0.10.0', opts: { extraHeaders: { __sails_io_sdk_version: '1.2.1' } } });
    await u.ask('get', { url: '/test/ping' });
  },
};
