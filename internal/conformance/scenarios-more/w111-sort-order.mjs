// Rules: BP-34, BP-35, BP-44.
export default {
  title: 'A sort of several attributes counts them in the order in which they stand; what null is to a clause',
  async run(t) {
    const a = await t.socket('a');
    for (const [name, weight] of [['kit', 1], ['ann', 2], ['kit', 2], ['ann', 1], ['bob', 2]]) { await a.post('/pet', { name, weight, tags: [] }); }
    for (const sort of [{ weight: 1, name: 1 }, { name: 1, weight: 1 }, { weight: -1, name: 1 }, { name: -1, weight: -1 }, { weight: 1, name: -1, id: 1 }, { weight: 0 }, { weight: 'DESC' }]) {
      await a.get('/pet', { sort, select: 'name,weight', populate: 'false' }, { label: JSON.stringify(sort) });
      await a.get(`/pet?populate=false&select=name,weight&sort=${JSON.stringify(sort)}`);
    }
    for (const data of [{ skip: null }, { sort: null }, { limit: null }, { skip: null, sort: null }]) {
      await a.get('/pet', data, { label: `find ${JSON.stringify(data)}` });
      await a.get('/pet/1/tags', data, { label: `populate ${JSON.stringify(data)}` });
    }
  },
};
