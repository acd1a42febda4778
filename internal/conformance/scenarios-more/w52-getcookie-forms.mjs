// Rules: CN-50, CN-51, CN-52, CN-54, CN-55, SU-33.
export default {
  title: '__getcookie: verbs, urls, an existing cookie',
  async run(t) {
    const jar = t.jar();
    await t.http('GET', '/__getcookie', { jar });
    await t.http('GET', '/__getcookie', { jar });
    await t.http('GET', '/__getcookie?x=1');
    await t.http('GET', '/__getcookie/');
    await t.http('GET', '/__GETCOOKIE');
    await t.http('PUT', '/__getcookie');
    await t.http('OPTIONS', '/__getcookie', { headers: { origin: 'http://one.example', 'access-control-request-method': 'GET' } });
    const a = await t.socket('a');
    await a.get('/__getcookie?x=1');
    await a.get('/__getcookie/');
    await a.post('/__getcookie');
    await a.request({ method: 'head', url: '/__getcookie' });
  },
};
