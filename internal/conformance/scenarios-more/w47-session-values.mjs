// Rules: SE-10.
export default {
  title: 'Session values of every type',
  async run(t) {
    const a = await t.socket('a');
    for (const value of [1, 0, '', 'ż👍', true, false, null, [1, [2]], { a: { b: null } }]) {
      await a.post('/session/set', { key: 'k', value }, { label: 'set ' + JSON.stringify(value) });
      await a.get('/session/get');
    }
    await a.post('/session/set', { key: 'k' });
    await a.get('/session/get');
    await a.post('/session/set', { value: 1 });
    for (const key of ['', 'a.b', 'length', '10', 'ż']) { await a.post('/session/set', { key, value: 1 }, { label: 'key ' + key }); }
    await a.get('/session/get');
    for (const userId of ['x', '12', 0, null, 2.5, -1, true]) { await a.post('/session/login', { userId }, { label: 'login ' + JSON.stringify(userId) }); }
    await a.get('/session/get');
    await a.post('/session/logout');
    await a.post('/session/logout');
    await a.get('/session/get');
  },
};
