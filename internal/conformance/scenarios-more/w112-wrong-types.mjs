// Rules: BP-31, BP-33, BP-36, BP-43, SU-15.
export default {
  title: 'Parameters of a type that nobody expects',
  async run(t) {
    const a = await t.socket('a');
    await a.post('/user', { name: 'joe', email: 'a@x.pl' });
    await a.post('/pet', { name: 'rex', owner: 1 });
    for (const data of [{ populate: true }, { populate: ['pets'] }, { select: null }, { select: ['name'] }, { omit: null }, { omit: 5 }, { where: '{' }, { where: '' }, { where: 'null' }, { where: '5' }, { where: true }]) {
      await a.get('/user', data, { label: `find ${JSON.stringify(data)}` });
      await a.get('/user/1', data, { label: `findOne ${JSON.stringify(data)}` });
      await a.get('/user/1/pets', data, { label: `populate ${JSON.stringify(data)}` });
    }
    for (const url of ['/user/abc/pets/1', '/user/1/pets/abc', '/pet/abc/tags/1', '/pet/1/tags/abc']) {
      await a.put(url);
      await a.delete(url);
    }
    for (const list of [['abc'], [null], [{}]]) {
      await a.put('/user/1/pets', list, { label: `replace ${JSON.stringify(list)}` });
      await a.post('/user', { name: 'x', email: 'b@x.pl', pets: list }, { label: `create ${JSON.stringify(list)}` });
    }
    for (const url of ['/user/abc/pets', '/pet/abc/tags']) { await a.put(url, [1]); }
    for (const query of ['pets=[1,2', 'pets=abc', 'pets=']) { await a.put(`/user/1/pets?${query}`); }
    await t.quiet();
  },
};
