// Rules: CN-50.
export default {
  title: 'grant3rdPartyCookie: false',
  variant: 'nogetcookie',
  async run(t) {
    await t.http('GET', '/__getcookie');
    await t.http('HEAD', '/__getcookie');
    await t.http('OPTIONS', '/__getcookie');
    const a = await t.socket('a');
    await a.get('/__getcookie');
    await a.get('/session/count');
  },
};
