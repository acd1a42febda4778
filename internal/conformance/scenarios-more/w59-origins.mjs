// Rules: CN-20, CN-23, CN-24, CN-25, CO-5, SU-25.
export default {
  title: 'onlyAllowOrigins: exact comparison, both transports, both protocol revisions',
  variant: 'origins',
  async run(t) {
    for (const [name, origin] of [['good', 'http://good.example'], ['also', 'http://also.example:8080'], ['port', 'http://good.example:80'], ['otherport', 'http://also.example'], ['https', 'https://good.example'], ['upper', 'http://GOOD.example'], ['sub', 'http://x.good.example'], ['suffix', 'http://good.example.evil'], ['slash', 'http://good.example/'], ['nul', 'null']]) {
      const s = await t.socket(name, { handshake: { origin } });
      if (s.connected) { await s.get('/echo/headers'); }
      await t.http('GET', '/socket.io/?EIO=3&transport=polling', { headers: { origin }, label: 'EIO 3 polling ' + name });
      await t.http('GET', '/socket.io/?EIO=4&transport=polling', { headers: { origin }, label: 'EIO 4 polling ' + name });
    }
    await t.http('GET', '/socket.io/?EIO=3&transport=polling', { label: 'no origin' });
    await t.http('OPTIONS', '/socket.io/?EIO=4&transport=polling', { headers: { origin: 'http://bad.example', 'access-control-request-method': 'POST' }, label: 'preflight, bad' });
    await t.http('GET', '/echo', { headers: { origin: 'http://bad.example' } });
    await t.socket('none', {});
    await t.raw('four', { version: '4.8.4', query: { __sails_io_sdk_version: '1.2.1' }, opts: { extraHeaders: { origin: 'http://good.example' } } });
    await t.raw('fourbad', { version: '4.8.4', query: { __sails_io_sdk_version: '1.2.1' }, opts: { extraHeaders: { origin: 'http://bad.example' } } });
    await t.quiet();
  },
};
