// Rules: VR-3, VR-4, VS-2.
const SDK = '__sails_io_sdk_version=1.2.1&__sails_io_sdk_platform=node&__sails_io_sdk_language=javascript';
export default {
  title: 'data and params of every shape',
  async run(t) {
    const r = await t.raw('r', { query: SDK });
    const url = '/echo';
    for (const data of [null, 0, 5, true, false, [], [[]], {}, { a: null }]) { await r.ask('post', { url, data }); }
    for (const params of [null, 0, true, [1, 2], { a: 1 }]) { await r.ask('post', { url, params }); }
    await r.ask('post', { url, params: { a: 1, b: 1 }, data: { b: 2, c: 2 } });
    await r.ask('post', { url, params: { a: 1 }, data: [1] });
    await r.ask('get', { url, params: { a: 1 }, data: null });
    for (const headers of [null, 0, [], ['a'], true]) { await r.ask('get', { url: '/echo/headers', headers }); }
    await r.ask('get', { url, extra: 1, query: { x: 1 }, body: { x: 1 }, session: {}, user: 1 });
  },
};
