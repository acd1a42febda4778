// Rules: SE-10, PS-1.
export default {
  title: 'Session values that are added to and converted; an id that is an empty list',
  async run(t) {
    const a = await t.socket('a');
    for (const value of [5, '5', '', 'x', true, false, null, [], [1, null, 2], { a: 1 }]) {
      await a.post('/session/set', { key: 'n', value }, { label: 'n = ' + JSON.stringify(value) });
      await a.get('/session/count');
      await a.get('/session/count');
    }
    for (const userId of [[4], ['5'], [1, 2], [], {}, ' 7 ', '1e2', true, false, '-3']) {
      await a.post('/session/login', { userId }, { label: 'login ' + JSON.stringify(userId) });
    }
    for (const id of [[], [1, 2], ['x']]) { await a.post('/ps/user/room', { id }, { label: 'room ' + JSON.stringify(id) }); }
  },
};
