// Rules: BP-43, SU-16.
export default {
  title: 'Replace and add: ids sent twice or as texts, members taken from others, members already there',
  async run(t) {
    const a = await t.socket('a');
    for (const [url, data] of [['/user', { name: 'joe', email: 'a@x.pl' }], ['/user', { name: 'ann', email: 'b@x.pl' }],
      ['/tag', { label: 'red' }], ['/tag', { label: 'blue' }], ['/pet', { name: 'rex', owner: 1 }], ['/pet', { name: 'tom', owner: 1 }],
      ['/pet', { name: 'kit', owner: 2 }], ['/pet', { name: 'zoe' }]]) { await a.post(url, data); }
    const b = await t.socket('b');
    for (const model of ['user', 'pet', 'tag']) { await b.get(`/${model}`); }
    await t.quiet();
    const put = async (url, data) => {
      await a.put(url, data, { label: `PUT ${url} ${JSON.stringify(data)}` });
      await t.quiet();
    };
    await put('/user/1/pets', [3, 3]);
    await put('/user/1/pets', ['3', 1]);
    await put('/user/2/pets', [1, 4, 2]);
    await put('/user/2/pets', []);
    await put('/user/1/bookmarks', ['1', 1, 2, 2]);
    await put('/pet/1/tags', ['2', '2']);
    await put('/pet/1/tags?tags=[1,"2"]');
    await put('/pet/1/tags?tags=1');
    await put('/user/1/pets/3');
    await put('/user/1/pets/3');
    await put('/pet/1/tags/1');
    await put('/pet/1/tags/1');
    await put('/user/01/pets/04');
    for (const url of ['/user/1.0/pets', '/user/1e0/pets']) { await put(url, [1]); }
    for (const url of ['/user/1/pets/1e0', '/pet/1/tags/2.0']) {
      await a.put(url);
      await a.delete(url);
    }
    for (const list of [['1e0'], [-1], [0], [1.5]]) { await put('/user/1/bookmarks', list); }
  },
};
