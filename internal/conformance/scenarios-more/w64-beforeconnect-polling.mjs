// Rules: CN-27.
export default {
  title: 'beforeConnect with polling clients',
  variant: 'beforeconnect',
  transport: 'polling',
  async run(t) {
    const a = await t.socket('a', { query: 'gate=open' });
    await a.get('/echo?x=1');
    for (const gate of ['deny', 'error', 'throw']) { await t.socket(gate, { query: 'gate=' + gate }); }
    await t.raw('four', { version: '4.8.4', query: { gate: 'error' } });
    await t.quiet();
  },
};
