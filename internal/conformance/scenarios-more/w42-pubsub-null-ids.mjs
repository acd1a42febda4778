// Rules: PS-2.
export default {
  title: 'null among the ids',
  async run(t) {
    const a = await t.socket('a');
    for (const ids of [[null], [1, null], [[1]], [true], [[]]]) {
      for (const what of ['subscribe', 'unsubscribe', 'publish']) { await a.post('/ps/user/' + what, { ids, data: { n: 1 } }, { label: what + ' ' + JSON.stringify(ids) }); }
      await a.get('/sock/rooms');
    }
    await t.quiet();
  },
};
