// Rules: RS-3, PL-2.
export default {
  title: 'Production: error details withheld over sockets',
  variant: 'production',
  async run(t) {
    const a = await t.socket('a');
    for (const k of ['bad', 'bad-data', 'bad-string', 'bad-tojson', 'error', 'error-string', 'error-object', 'error-error', 'error-tojson', 'throw', 'async-throw', 'async-throw?json=1', 'notfound-data', 'forbidden-data', 'object', 'string', 'json-string', 'headers', 'redirect', 'end', 'stream', 'teapot']) { await a.get('/res/' + k); }
    await a.get('/policy/failing');
    await a.get('/policy/closed');
    await a.get('/no/such/route');
    await a.get('/csrf');
    await a.get('/echo/p/%zz');
    await a.request({ method: 'options', url: '/echo' });
    const r = await t.raw('r', { query: '__sails_io_sdk_version=1.2.1' });
    await r.ask('get', { url: 42 });
  },
};
