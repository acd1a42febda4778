// Rules: BP-34, BP-39, SEC-81, SEC-83.
export default {
  title: 'Criteria that nothing can match, and mistakes beside them',
  async run(t) {
    const a = await t.socket('a');
    await a.post('/vet', { name: 'v' });
    for (const data of [{ limit: 0 }, { limit: '0' }, { where: { or: [] } }, { where: { name: [] } }, { where: { or: [], name: 'v' } }, { where: [] }, { limit: 0, where: { or: [] } }]) {
      await a.get('/vet', data, { label: JSON.stringify(data) });
    }
    for (const data of [{ limit: 0, skip: -1 }, { limit: 0, sort: 'nope' }, { where: { or: [], nope: 1 } }, { where: { name: [] }, limit: 'x' }]) {
      const { statusCode } = await a.get('/vet', data, { silent: true });
      t.note(`mistaken ${JSON.stringify(data)}`, statusCode);
    }
    const { body } = await a.get('/vet', { nope: 1, name: {} }, { silent: true });
    t.note('of two mistakes the one told is about', /Could not filter by `(.*?)`/.exec(body.details)[1]);
  },
};
