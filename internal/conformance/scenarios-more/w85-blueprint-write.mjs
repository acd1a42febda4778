// Rules: BP-11, BP-18, BP-41, BP-43.
export default {
  title: 'create, update, destroy, add, remove, replace: usage errors and odd values',
  async run(t) {
    const a = await t.socket('a');
    await a.post('/user', [{ name: 'x' }], { label: 'a list' });
    await a.post('/user', { email: 'a@example.com' }, { label: 'without a required attribute' });
    await a.post('/user', { name: 'ann', email: 'nonsense' }, { label: 'no e-mail' });
    await a.post('/pet', { name: 'p1' });
    await a.get('/pet/create?name=p2', undefined, { label: 'shortcut' });
    await a.get('/user/create?name=bob&email=b@example.com&pets=[1]', undefined, { label: 'shortcut with a collection' });
    await a.post('/user', { name: 'ann', email: 'b@example.com' }, { label: 'not unique' });
    await a.patch('/user/1', { age: 'old' }, { label: 'wrong type' });
    await a.patch('/user/99', { age: 3 });
    await a.patch('/user/1', { id: 7 });
    await a.put('/user/1/pets', [2, 1]);
    await a.put('/user/1/pets', { pets: [1] });
    await a.get('/user/1/pets/replace?pets=[2]');
    await a.put('/user/1/pets/99');
    await a.put('/user/99/pets/1');
    await a.delete('/user/1/pets/99');
    await a.delete('/user/99');
    await a.delete('/user/1');
    await a.delete('/user/1');
  },
};
