// Rules: CS-1, CS-2, CS-3, CS-6, CS-8, SEC-78.
export default {
  title: 'CSRF over sockets: every place of the token',
  variant: 'csrf',
  async run(t) {
    const jar = t.jar();
    const got = await t.http('GET', '/csrf', { jar });
    const token = (got.body || {})._csrf || 'no-token';
    t.mask.word(token, '<csrf>');
    t.mask.word(encodeURIComponent(token), '<csrf>');
    const a = await t.socket('a', { handshake: { cookie: jar.header() } });
    await a.post('/echo', { _csrf: token }, { label: 'body' });
    await a.post('/echo?_csrf=' + encodeURIComponent(token), {}, { label: 'query' });
    for (const h of ['csrf-token', 'xsrf-token', 'x-csrf-token', 'x-xsrf-token', 'X-CSRF-Token', 'X-Csrf', 'csrf']) { await a.request({ method: 'post', url: '/res/string', headers: { [h]: token } }, { label: h }); }
    for (const bad of ['', 'x', token.slice(0, -1), token + 'x', token.toUpperCase()]) { await a.post('/res/string', { _csrf: bad }, { label: 'wrong' }); }
    await a.post('/res/string?_csrf=' + encodeURIComponent(token), { _csrf: 'wrong' }, { label: 'wrong in the body, right in the query' });
    await a.request({ method: 'post', url: '/res/string', data: { _csrf: 'wrong' }, headers: { 'x-csrf-token': token } }, { label: 'wrong in the body, right in a header' });
    for (const verb of ['put', 'patch', 'delete']) { await a[verb]('/res/string'); await a[verb]('/res/string', { _csrf: token }, { label: verb + ' with a token' }); }
    for (const verb of ['get', 'head', 'options']) { await a.request({ method: verb, url: '/echo/opt' }); }
    await a.post('/csrf/exempt', {});
    await a.post('/csrf/forced', {});
    await a.post('/csrf/forced', { _csrf: token });
    await a.post('/no/such/route', {});
    await a.get('/csrf');
    await a.request({ method: 'post', url: '/res/string?_csrf=' + encodeURIComponent(token), data: [1] }, { label: 'list, token in the query' });
    await a.request({ method: 'post', url: '/res/string', data: [1] }, { label: 'list' });
    const b = await t.socket('b');
    await b.post('/res/string', { _csrf: token }, { label: "another session's token" });
    await b.get('/session/get');
  },
};
