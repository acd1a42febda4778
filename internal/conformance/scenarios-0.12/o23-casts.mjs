// Rules: BO-4, BO-7, BO-9.
export default {
  title: 'Integers are cast, nulls stay in the answer, a named child is created under its name',
  async run(t) {
    const [a, b] = await t.sockets('a', 'b');
    for (const model of ['user', 'pet', 'group']) { await b.get(`/${model}`); }
    for (const age of [1.5, '2', '3abc', ' 4', '1e3', '+5', 'x', '', -0.5, -1.5, true]) { await a.post('/user', { name: 'joe', age }, { label: `age ${JSON.stringify(age)}` }); }
    await a.put('/user/1', { age: '7 years' });
    await a.post('/pet', { name: 'rex', owner: null });
    await a.post('/pet', { name: 'tom', owner: '1' });
    await a.post('/user/1/groups/7');
    await a.post('/group', { title: 'next' });
    await t.quiet();
    await a.post('/user/1/pets/9');
    await a.post('/user/1/pets', { name: 'kit' });
    await t.quiet();
  },
};
