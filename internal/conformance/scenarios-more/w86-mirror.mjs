// Rules: BP-14, SU-27.
export default {
  title: 'mirror: who hears of its own changes',
  variant: 'mirror',
  async run(t) {
    const [a, b] = await t.sockets('a', 'b');
    await a.get('/user?limit=1');
    await b.get('/user?limit=1');
    await a.post('/user', { name: 'ann', email: 'a@example.com' });
    await t.quiet();
    await a.post('/pet', { name: 'rex' });
    await a.patch('/user/1', { age: 4 });
    await t.quiet();
    await a.put('/user/1/pets/1');
    await t.quiet({ unordered: true });
    await a.delete('/user/1/pets/1');
    await t.quiet({ unordered: true });
    await a.delete('/user/1');
    await t.quiet({ unordered: true });
  },
};
