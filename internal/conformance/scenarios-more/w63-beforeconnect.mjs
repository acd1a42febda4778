// Rules: CN-12, CN-26, CN-27, SU-25.
export default {
  title: 'beforeConnect: deny, error, throw; both transports and revisions',
  variant: 'beforeconnect',
  async run(t) {
    for (const gate of ['open', 'deny', 'error', 'throw', '', 'DENY', 'deny2']) {
      const s = await t.socket('g-' + gate, { query: 'gate=' + gate });
      if (s.connected) { await s.get('/test/ping'); }
      await t.http('GET', '/socket.io/?EIO=3&transport=polling&gate=' + gate, { label: 'EIO 3 polling ' + gate });
      await t.http('GET', '/socket.io/?EIO=4&transport=polling&gate=' + gate, { label: 'EIO 4 polling ' + gate });
      await t.raw('r-' + gate, { version: '4.8.4', query: { __sails_io_sdk_version: '1.2.1', gate } });
    }
    await t.http('GET', '/socket.io/?EIO=3&transport=polling&gate=deny', { headers: { origin: 'http://x.example' } });
    await t.http('GET', '/echo?gate=deny');
    await t.quiet();
  },
};
