// Rules: CL-8, VR-32.
export default {
  title: 'Headers of the whole SailsSocket',
  async run(t) {
    const a = await t.socket('a', { headers: { 'x-custom': 'global', 'X-Both': 'g' } });
    await a.get('/echo/headers');
    await a.request({ method: 'post', url: '/echo/headers', headers: { 'x-custom': 'own' } });
    await a.request({ method: 'post', url: '/echo/headers', headers: { 'X-Custom': 'Own' } });
  },
};
