// Rules: BP-41, BP-42, SU-10.
export default {
  title: 'Keys and times that a client chooses',
  async run(t) {
    const [a, b] = await t.sockets('a', 'b');
    await b.get('/vet');
    for (const id of [50, '51', null, 0, -1, 1.5, '', 'abc', {}, true, 50]) { await a.post('/vet', { id, name: 'n' }, { label: `id ${JSON.stringify(id)}` }); }
    await a.post('/vet', { name: 'counted' });
    for (const createdAt of [5, '6', 0, null, '', 'x', {}]) { await a.post('/vet', { createdAt, name: 'n' }, { label: `createdAt ${JSON.stringify(createdAt)}` }); }
    await a.post('/pet', { name: 'rex' });
    await a.patch('/pet/1', { id: 9, createdAt: 8, updatedAt: 7 });
    await a.patch('/pet/1', { updatedAt: null });
    await b.post('/ps/pet/subscribe', { ids: [1] });
    await a.delete('/pet/1');
    await a.post('/pet', { id: 1, name: 'again' });
    await a.patch('/pet/1', { name: 'known' });
    await a.get('/vet');
    await t.quiet();
  },
};
