// Rules: RS-13.
export default {
  title: 'The same asked for by a browser (Accept: text/html)',
  async run(t) {
    for (const k of ['ok', 'ok-data', 'bad', 'bad-data', 'bad-string', 'bad-tojson', 'forbidden', 'notfound', 'error', 'error-string', 'error-object', 'error-tojson', 'created']) {
      await t.http('GET', '/res/' + k, { headers: { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' } });
    }
    await t.http('GET', '/no/such/route', { headers: { accept: 'text/html' } });
    await t.http('GET', '/no/such/route', { headers: { accept: 'application/json' } });
    await t.http('GET', '/no/such/route');
  },
};
