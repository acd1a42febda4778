// Rules: SK-5, RS-10.
export default {
  title: 'Events straight to the requester: any number of arguments, any value',
  async run(t) {
    const a = await t.socket('a');
    for (const args of [undefined, [], [1], [1, 'two', null, { three: [3] }], [[]], ['ż👍\u2028'], [null, null], [false, 0, '']]) { await a.post('/sock/emit', { event: 'e', args }, { label: 'emit ' + JSON.stringify(args) }); }
    await t.quiet();
    await a.post('/sock/emit', { event: 'ż 👍', args: [1] });
    await a.post('/sock/emit', { event: '', args: [1] });
    await t.quiet();
    await a.get('/sock/ackorder');
    await t.quiet();
  },
};
