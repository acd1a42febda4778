// Rules: RS-13.
export default {
  title: 'ok, created, badRequest … over plain HTTP, for programs and for browsers',
  async run(t) {
    for (const k of ['ok', 'ok-data', 'ok-string', 'created', 'created-empty', 'bad', 'bad-data', 'bad-string', 'bad-tojson', 'forbidden', 'forbidden-data', 'notfound', 'notfound-data', 'error', 'error-string', 'error-object', 'error-tojson', 'teapot']) {
      await t.http('GET', '/res/' + k, { headers: { accept: 'application/json' } });
    }
  },
};
