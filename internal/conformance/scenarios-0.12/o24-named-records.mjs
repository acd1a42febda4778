// Rules: BO-16, PO-11.
export default {
  title: 'Who finds records without populating them hears of those they name',
  async run(t) {
    const [a, b] = await t.sockets('a', 'b');
    await a.post('/user', { name: 'joe' });
    await a.post('/user', { name: 'ann' });
    await a.post('/pet', { name: 'rex', owner: 1 });
    await a.post('/pet', { name: 'tom' });
    for (const url of ['/pet?populate=[]', '/pet/1?populate=[]', '/pet?populate=none']) {
      await b.post('/rps/unsubscribe', { model: 'user', ids: [1, 2] });
      await b.get(url);
      await b.post('/rps/subscribers', { model: 'user', id: 1 });
      await b.post('/rps/subscribers', { model: 'user', id: 2 });
      await a.put('/user/1', { name: 'told' });
      await a.put('/user/2', { name: 'not told' });
      await t.quiet();
    }
  },
};
