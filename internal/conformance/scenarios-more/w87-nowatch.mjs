// Rules: PS-25.
export default {
  title: 'autoWatch: false: find subscribes to records, not to the model',
  variant: 'nowatch',
  async run(t) {
    const [a, b] = await t.sockets('a', 'b');
    await a.get('/user');
    await a.get('/sock/rooms');
    await b.post('/user', { name: 'ann', email: 'a@example.com' });
    await t.quiet();
    await a.get('/user');
    await a.get('/sock/rooms');
    await b.patch('/user/1', { age: 4 });
    await t.quiet();
  },
};
