// Rules: RS-13.
export default {
  title: 'Production: over HTTP',
  variant: 'production',
  async run(t) {
    for (const k of ['bad', 'bad-data', 'bad-string', 'bad-tojson', 'error', 'error-string', 'error-object', 'error-error', 'error-tojson', 'throw', 'async-throw', 'object', 'unicode', 'forbidden']) { await t.http('GET', '/res/' + k); }
    await t.http('GET', '/policy/failing');
    await t.http('GET', '/no/such/route');
    await t.http('POST', '/echo', { headers: { 'content-type': 'application/json' }, body: '{"broken": ' });
    await t.http('GET', '/session/count');
    await t.http('GET', '/csrf');
    await t.http('GET', '/__getcookie');
  },
};
