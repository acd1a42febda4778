// Rules: VR-22, SEC-67.
export default {
  title: 'A host among the headers of the message',
  async run(t) {
    const a = await t.socket('a');
    await a.request({ method: 'get', url: '/echo', headers: { host: 'api.example:8080' } }, { label: 'host with port' });
    await a.request({ method: 'get', url: '/echo/headers', headers: { host: 'api.example' } }, { label: 'host' });
    await a.request({ method: 'get', url: '/res/redirect', headers: { host: 'api.example' } }, { label: 'redirect' });
  },
};
