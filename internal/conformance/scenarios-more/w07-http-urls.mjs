// Rules: VR-8, VR-10.
export default {
  title: 'Forms of the URL over plain HTTP',
  async run(t) {
    for (const u of ['/ECHO', '/echo/', '/Echo/?x=1', '/echo//', '//echo', '/echo?', '/echo?a=1&a=2&b[]=x&c[d]=y', '/echo?a=%C5%BC+%2B', '/echo?=1&x', '/echo?a=%zz']) { await t.http('GET', u); }
    for (const u of ['/echo/p/a%20b/c%2Fd', '/echo/p/%C5%BC', '/echo/p/%zz', '/echo/p/x.y', '/echo/p/x/y.z', '/ECHO/P/Up', '/echo/wild/', '/echo/wild/a.b', '/echo/wild/a%20b/c', '/echo/re/1/a', '/ECHO/RE/1/a', '/echo/re/x/a', '/res/a.b']) { await t.http('GET', u); }
    await t.http('POST', '/echo/p/x.y');
  },
};
