// Rules: ER-6, VS-5.
export default {
  title: 'The SDK version decides whether requests are served',
  async run(t) {
    for (const v of ['0.9.0', '0.10.9', '0.11.0', '0.11.0-rc1', '1.0.0-beta', '0.12.14', '10.0.0']) {
      const r = await t.raw('v' + v, { query: `__sails_io_sdk_version=${v}` });
      await r.ask('get', { url: '/test/ping' });
      r.disconnect();
    }
    await t.quiet();
  },
};
