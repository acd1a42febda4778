// Rules: SE-11, SU-5.
export default {
  title: 'A session that the cookie does not name: writes',
  async run(t) {
    const s = await t.socket('s', { handshake: { cookie: 'a=1' } });
    await s.get('/session/count');
    await s.get('/session/count');
    await s.get('/session/count');
  },
};
