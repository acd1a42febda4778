// Rules: CN-5, CN-25, CO-5, SU-32.
export default {
  title: 'No list of origins: everybody may connect',
  async run(t) {
    for (const origin of ['http://anywhere.example', 'null', 'file://']) {
      const s = await t.socket(origin, { handshake: { origin } });
      await s.get('/echo/headers');
      await t.http('GET', '/socket.io/?EIO=3&transport=polling', { headers: { origin }, label: 'polling ' + origin });
    }
    await t.http('GET', '/socket.io/?EIO=4&transport=polling');
    await t.http('OPTIONS', '/socket.io/?EIO=4&transport=polling', { headers: { origin: 'http://x.example', 'access-control-request-method': 'POST' } });
  },
};
