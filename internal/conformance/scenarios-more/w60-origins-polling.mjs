// Rules: CN-23, CN-24.
export default {
  title: 'onlyAllowOrigins with a polling client',
  variant: 'origins',
  transport: 'polling',
  async run(t) {
    const a = await t.socket('a', { handshake: { origin: 'http://good.example' } });
    await a.get('/echo?x=1');
    await t.socket('b', { handshake: { origin: 'http://bad.example' } });
    await t.socket('c');
    await t.quiet();
  },
};
