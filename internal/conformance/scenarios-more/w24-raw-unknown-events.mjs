// Rules: VR-1, VR-2, VR-3, SU-34.
const SDK = '__sails_io_sdk_version=1.2.1&__sails_io_sdk_platform=node&__sails_io_sdk_language=javascript';
export default {
  title: 'Events that are no verbs, spellings of verbs',
  async run(t) {
    const r = await t.raw('r', { query: SDK });
    for (const ev of ['GET', 'trace', 'connectx', 'custom', 'request', 'message']) { await r.ask(ev, { url: '/echo' }, { $opts: { replyMs: 150 } }); }
    r.tell('custom', 1, 2, 3);
    r.tell('custom');
    await r.ask('get', { url: '/echo', method: 'post' });
    await r.ask('get', { method: 'delete', url: '/echo/only-get' });
    await t.quiet();
  },
};
