// Rules: CN-30, VR-35, SE-12.
export default {
  title: 'nosession in the handshake, in the query, in the message',
  async run(t) {
    const a = await t.socket('a', { handshake: { nosession: 'true' } });
    const b = await t.socket('b', { query: 'nosession=true' });
    const c = await t.socket('c');
    for (const s of [a, b, c]) {
      await s.get('/session/id');
      await s.get('/session/get');
      await s.post('/session/set', { key: 'k', value: 1 });
      await s.get('/session/get');
      if (s !== b) { await s.get('/echo/headers'); }
    }
    for (const v of [true, 'true', 1, 'yes', false, 0, '', null, 'false']) {
      await c.request({ method: 'get', url: '/session/id', headers: { nosession: v } }, { label: 'message nosession ' + JSON.stringify(v) });
    }
    await c.request({ method: 'get', url: '/session/id', headers: { NoSession: 'true' } }, { label: 'another case' });
    await c.request({ method: 'get', url: '/res/end', headers: { nosession: 'true' } }, { label: 'end without a session' });
    await c.request({ method: 'get', url: '/session/count', headers: { nosession: 'true' } }, { label: 'count without a session' });
    for (const what of ['set', 'login', 'logout', 'get']) { await c.request({ method: 'post', url: '/session/' + what, data: { key: 'k', value: 1 }, headers: { nosession: 'true' } }, { label: what + ' without a session' }); }
    await c.get('/session/get');
    await t.http('GET', '/session/id', { headers: { nosession: 'true' } });
  },
};
