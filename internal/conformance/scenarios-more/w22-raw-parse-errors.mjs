// Rules: ER-1, ER-3, ER-4, SU-7.
const SDK = '__sails_io_sdk_version=1.2.1&__sails_io_sdk_platform=node&__sails_io_sdk_language=javascript';
export default {
  title: 'Parse errors with socket.io-client 2.5: urls of every wrong type',
  async run(t) {
    const r = await t.raw('r', { query: SDK });
    for (const url of ['', 0, false, null, 42, true, [], ['/echo'], {}, { url: '/echo' }]) { await r.ask('get', { url }); }
    await r.ask('get', { method: 'get', data: { a: { b: { c: 1 } } }, headers: { x: [1, 2, 3] } });
    await r.ask('get', []);
    await r.ask('get', ['/echo']);
    await r.ask('get', 'text');
    await r.ask('get', 42);
    await r.ask('get', true);
    await r.ask('post', { data: 'x'.repeat(200) });
    await r.ask('get', { s: "it's", d: 'double "quoted"', n: null, u: [], o: {}, f: 1.5, long: [1, 2, 3, 4, 5, 6, 7] });
  },
};
