// Rules: VR-8, VR-10.
export default {
  title: 'Encoded and file-like path parameters',
  async run(t) {
    const a = await t.socket('a');
    for (const u of ['/echo/p/a%20b/c%2Fd', '/echo/p/%C5%BC', '/echo/p/ż', '/echo/p/a+b', '/echo/p/%zz', '/echo/p/%C5', '/echo/p/x.y', '/echo/p/x/y.z', '/echo/p/x.y/z', '/echo/p/x.y?q=1', '/echo/p/one/two/three', '/ECHO/P/Upper/Case', '/echo/p/one/', '/echo/p/one/two/']) { await a.get(u); }
    for (const verb of ['post', 'put', 'patch', 'delete']) { await a[verb]('/echo/p/x.y', { first: 'body' }); }
    await a.request({ method: 'head', url: '/echo/p/x.y' });
    for (const u of ['/echo/wild/', '/echo/wild', '/echo/wild/a.b', '/echo/wild/a%20b/c', '/echo/wild/a/b/', '/echo/wild/a?0=q']) { await a.get(u); }
    for (const u of ['/echo/re/1/a', '/ECHO/RE/1/A', '/echo/re/1/a/', '/echo/re/1/a.b', '/echo/re/x/a', '/echo/re/1/%61']) { await a.get(u); }
    await a.post('/echo/re/7/word', { num: 'body' });
  },
};
