// Rules: BP-30, BP-31, BP-32, BP-40, BP-44.
export default {
  title: 'find, findOne and populate: criteria and populates in every place',
  async run(t) {
    const a = await t.socket('a');
    await a.post('/vet', { name: 'v' });
    for (const name of ['ann', 'bob', 'cid']) { await a.post('/user', { name, email: name + '@example.com', age: name.length * 10 }, { silent: true }); }
    for (const [name, owner] of [['rex', 1], ['tom', 1], ['kit', 2]]) { await a.post('/pet', { name, owner, vet: 1 }, { silent: true }); }
    for (const q of ['?populate=false', '?populate=pets', '?populate= pets , manager', '?populate=', '?populate=[pets]', '?populate=nothing', '?select=name', '?omit=email&populate=false', '?name=ann', '?where={"name":"bob"}', '?sort=name DESC&populate=false', '?limit=1&skip=1&populate=false', '?limit=x', '?sort=nothing']) { await a.get('/user' + q, undefined, { label: q }); }
    await a.get('/user', { where: { name: { in: ['ann', 'cid'] } }, populate: 'false', select: 'name' });
    await a.get('/user/1');
    await a.get('/user/1?select=name&populate=pets');
    await a.get('/user/99');
    await a.get('/user/x');
    await a.get('/user/1/pets');
    for (const q of ['?limit=1', '?name=tom', '?where={"name":"rex"}', '?sort=name DESC', '?select=name', '?skip=1']) { await a.get('/user/1/pets' + q, undefined, { label: 'pets' + q }); }
    await a.get('/pet/1/vet');
    await a.get('/pet/1/nothing');
    await a.get('/sock/rooms');
  },
};
