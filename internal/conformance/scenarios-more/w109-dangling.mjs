// Rules: BP-41, PS-40, PS-41, PS-47.
export default {
  title: 'Records that refer to others before these exist, and to themselves',
  async run(t) {
    const [a, b] = await t.sockets('a', 'b');
    for (const model of ['user', 'pet', 'tag']) { await b.get(`/${model}`); }
    await a.post('/pet', { name: 'early', owner: 1, tags: [1, 2] });
    await a.post('/pet', { name: 'later' });
    await a.post('/tag', { label: 'red', pets: [2] });
    await a.post('/tag', { label: 'blue' });
    await t.quiet();
    await a.get('/tag');
    await a.get('/pet/1');
    await a.post('/user', { name: 'joe', email: 'a@x.pl', pets: [1, 2] });
    await t.quiet();
    await a.patch('/user/1', { manager: 1 });
    await t.quiet();
    await a.delete('/user/1');
    await t.quiet();
    await a.get('/pet');
  },
};
