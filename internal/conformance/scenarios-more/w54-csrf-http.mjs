// Rules: CS-1, CS-2, CS-3, CS-5, CS-8.
export default {
  title: 'CSRF over HTTP',
  variant: 'csrf',
  async run(t) {
    const jar = t.jar();
    const got = await t.http('GET', '/csrf', { jar });
    const token = (got.body || {})._csrf || 'no-token';
    t.mask.word(token, '<csrf>');
    t.mask.word(encodeURIComponent(token), '<csrf>');
    await t.http('POST', '/echo', { jar, json: { x: 1 } });
    await t.http('POST', '/echo', { jar, json: { x: 1, _csrf: token } });
    await t.http('POST', '/res/string?_csrf=' + encodeURIComponent(token), { jar, label: 'query' });
    for (const h of ['csrf-token', 'xsrf-token', 'x-csrf-token', 'x-xsrf-token']) { await t.http('POST', '/res/string', { jar, headers: { [h]: token }, label: h }); }
    await t.http('POST', '/res/string', { json: { _csrf: token }, label: 'without the cookie' });
    await t.http('POST', '/res/string', { jar, headers: { accept: 'text/html' }, label: 'a browser' });
    for (const m of ['PUT', 'PATCH', 'DELETE']) { await t.http(m, '/res/string', { jar }); }
    await t.http('OPTIONS', '/res/string', { jar });
    await t.http('HEAD', '/res/string', { jar });
    await t.http('POST', '/csrf/exempt', { jar });
    await t.http('POST', '/csrf/forced', { jar });
    await t.http('POST', '/no/such/route', { jar });
    await t.http('POST', '/session/login', { jar, json: { userId: 1, _csrf: token } });
    await t.http('GET', '/session/get', { jar });
    await t.http('POST', '/csrf', { jar, json: { _csrf: token } });
  },
};
