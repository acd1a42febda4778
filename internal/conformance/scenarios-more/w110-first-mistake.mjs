// Rules: BP-11, BP-42.
export default {
  title: 'Of several mistakes in a record the one that was sent first is told',
  async run(t) {
    const a = await t.socket('a');
    for (const data of [{ age: -1, email: 'bad', name: '' }, { name: '', email: 'bad' }, { role: 'x', nickname: 5, age: 'x' }, { nickname: 'waytoolongnickname', role: 'x' },
      { active: 'x', role: 0 }, { email: 'bad' }, { pets: {}, age: -1 }, { manager: 'x', age: -1 }]) {
      await a.post('/user', data, { label: `POST ${JSON.stringify(data)}` });
    }
    await a.post('/user', { name: 'joe', email: 'a@x.pl' });
    for (const data of [{ age: -1, email: 'bad' }, { email: 'bad', age: -1 }, { role: 'x', nickname: null }, { nickname: null, role: 'x' }, { pets: {}, age: -1 }]) {
      await a.patch('/user/1', data, { label: `PATCH ${JSON.stringify(data)}` });
    }
    await t.http('POST', '/user?age=-1', { json: { email: 'bad' } });
    await t.quiet();
  },
};
