// Rules: VR-5, VR-8, CL-7.
export default {
  title: 'Forms of the url of a virtual request',
  async run(t) {
    const a = await t.socket('a');
    for (const u of ['/ECHO', '/Echo/', '/echo/?x=1', '/echo?', '/echo#frag', '/echo/  ', '  /echo', '/%65cho', '/echo%2F', '/echo/%20', '/', '/echo/p/']) { await a.get(u); }
  },
};
