// Rules: VR-4.
export default {
  title: 'An array as the data of every verb',
  async run(t) {
    const a = await t.socket('a');
    for (const method of ['get', 'post', 'put', 'patch', 'delete', 'head', 'options']) {
      await a.request({ method, url: method === 'options' ? '/echo/opt' : '/echo', data: [1, 'two', { three: 3 }, null] });
    }
    await a.post('/echo?x=1', []);
    await a.post('/echo?0=q', ['body']);
    await a.post('/echo/p/one', [{ first: 'in an array' }]);
    await a.get('/echo/p/one', ['x']);
  },
};
