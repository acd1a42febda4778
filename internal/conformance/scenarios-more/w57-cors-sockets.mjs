// Rules: CO-2, RS-32.
export default {
  title: 'CORS headers of virtual requests',
  variant: 'cors',
  async run(t) {
    for (const [name, origin] of [['one', 'http://one.example'], ['two', 'http://two.example:8080'], ['other', 'http://other.example'], ['none', undefined]]) {
      const s = await t.socket(name, origin ? { handshake: { origin } } : {});
      await s.get('/res/string');
      await s.post('/res/object');
      await s.request({ method: 'options', url: '/echo' });
      await s.request({ method: 'options', url: '/echo', headers: { 'access-control-request-method': 'PUT' } });
      await s.request({ method: 'head', url: '/res/string' });
      await s.get('/no/such/route');
      await s.get('/cors/open');
      await s.get('/__getcookie');
      await s.request({ method: 'get', url: '/res/string', headers: { origin: 'http://one.example' } }, { label: 'origin in the message' });
    }
  },
};
