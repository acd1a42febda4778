// Rules: PO-4, PO-11, PO-12, BO-6, BO-7, BO-11, BO-13, BO-14, BO-16.
export default {
  title: '0.12: contexts of every type; changed collections; keys that cannot be',
  client: 'sails.io.js@0.13.8',
  async run(t) {
    const [a, b] = await t.sockets('a', 'b');
    for (const contexts of [true, '*', '', null, false, ['*'], ['update', 'nothing'], 0]) {
      await a.post('/rps/subscribe', { model: 'user', ids: [1], contexts }, { label: 'subscribe ' + JSON.stringify(contexts) });
      await a.get('/sock/rooms');
      await a.post('/rps/unsubscribe', { model: 'user', ids: [1] });
    }
    for (const contexts of [true, '*', '', null, false, ['*'], 'update']) {
      await a.post('/rps/subscribe', { model: 'user', ids: [1] });
      await a.post('/rps/unsubscribe', { model: 'user', ids: [1], contexts }, { label: 'unsubscribe ' + JSON.stringify(contexts) });
      await a.get('/sock/rooms');
    }
    await b.post('/user', { name: 'ann', email: 'ann@example.com' });
    await b.post('/user', { name: 'bob' });
    await b.post('/group', { title: 'g' });
    await a.get('/user');
    await a.get('/group');
    await a.get('/pet');
    await a.get('/sock/rooms');
    await b.put('/user/1', { groups: [1] });
    await b.put('/user/1', { pets: [] });
    await t.quiet();
    await b.put('/user/nope', { name: 'x' });
    await b.get('/user/nope');
    await b.delete('/user/nope');
    await b.delete('/user/1/groups/nope');
    await b.post('/user/1/pets/nope');
    await b.put('/user/2', { email: 'ann@example.com' });
    await b.put('/user/2', { name: '' });
    await b.post('/user', { name: '' });
    await b.get('/user?callback=cb&where={"id":1}');
    await t.http('DELETE', '/user/nope');
    await t.quiet();
    await b.post('/rps/publishRemove', { model: 'user', id: 1, alias: 'groups', removed: { id: 1 } });
    await b.post('/rps/message', { model: 'user', id: [1, 2], data: 'both' });
    await b.post('/rps/message', { model: 'user', id: { id: 1 }, data: 'one' });
    await t.quiet();
  },
};
