// Rules: ER-2, ER-5, ER-7, ER-8.
const query = { __sails_io_sdk_version: '1.2.1', __sails_io_sdk_platform: 'node', __sails_io_sdk_language: 'javascript' };
export default {
  title: 'Parse errors with socket.io-client 4.8',
  async run(t) {
    const r = await t.raw('r', { version: '4.8.4', query });
    for (const url of ['', 0, null, 42, [], {}]) { await r.ask('get', { url }); }
    await r.ask('get', {});
    r.tell('get', { url: 7 });
    r.tell('post', { nothing: true });
    r.tell('get', { url: '/echo' }, 'no function');
    r.tell('get', { url: '/echo' }, { cb: 1 });
    r.tell('get', { url: '/echo' }, 5);
    await t.quiet();
    r.tell('post', { url: '/sock/emit', data: { event: 'ran', args: [1] } }, null);
    r.tell('post', { url: '/sock/emit', data: { event: 'ran', args: [2] } }, 0);
    r.tell('post', { url: '/sock/emit', data: { event: 'ran', args: [3] } }, '');
    r.tell('post', { url: '/sock/emit', data: { event: 'ran', args: [4] } }, false);
    await t.quiet({ label: 'falsy second arguments count as no callback' });
    await r.ask('get', { url: '/echo' }, 'x', { $opts: { replyMs: 300 } });
    await r.ask('get', { url: '/echo' }, null, { $opts: { replyMs: 300 } });
    await r.ask('get', { $opts: { replyMs: 300, label: 'no argument but a callback' } });
    await t.quiet();
  },
};
