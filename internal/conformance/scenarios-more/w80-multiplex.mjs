// Rules: CN-1.
export default {
  title: 'Several sockets of one client over one connection',
  async run(t) {
    const a = await t.socket('a', { multiplex: true });
    const b = await t.socket('b', { multiplex: true });
    await a.get('/sock/id').then((r) => t.check('id a', r.body.id === a.id));
    await b.get('/sock/id').then((r) => t.check('id b', r.body.id === b.id));
    await a.post('/sock/join', { room: 'r' });
    await b.post('/sock/broadcast', { room: 'r', event: 'e', data: 1 });
    await t.quiet();
    await a.get('/test/stats');
  },
};
