// Rules: BP-10, BP-12.
export default {
  title: 'A record that is not unique spends an id, an invalid one does not',
  async run(t) {
    const [a, b] = await t.sockets('a', 'b');
    await b.get('/tag');
    await a.post('/tag', { label: 'red' });
    await a.post('/tag', { label: 'red' });
    await t.http('POST', '/tag', { json: { label: 'red' } });
    await a.post('/tag', {});
    await a.post('/tag', { label: 'blue' });
    await a.post('/tag', { label: 'green' });
    await a.get('/tag');
    await t.quiet();
  },
};
