// Rules: CL-4, VR-30, VR-31, VR-20, RS-12, SEC-65, SEC-68.
export default {
  title: 'Request headers that belong to the handshake',
  async run(t) {
    const a = await t.socket('a', { handshake: { origin: 'http://page.example', 'x-custom': 'handshake', 'x-forwarded-for': '1.2.3.4', 'user-agent': 'agent' } });
    const b = await t.socket('b');
    for (const s of [a, b]) {
      await s.get('/echo/headers');
      for (const h of [{ origin: 'http://evil.example' }, { cookie: 'mine=1' }, { 'x-forwarded-for': '9.9.9.9' }, { 'content-length': '5' }]) {
        await s.request({ method: 'get', url: '/echo/headers', headers: h }, { label: JSON.stringify(h) });
      }
      await s.request({ method: 'get', url: '/echo', headers: { 'x-forwarded-for': '9.9.9.9', 'x-forwarded-proto': 'https' } }, { label: 'forwarded' });
      await s.request({ method: 'get', url: '/echo', headers: { accept: 'text/html' } }, { label: 'accept html' });
      await s.request({ method: 'get', url: '/echo', headers: { 'x-http-method-override': 'DELETE' } }, { label: 'method override' });
    }
  },
};
