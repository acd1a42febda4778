// Rules: CN-3.
export default {
  title: 'Big bodies up and down',
  async run(t) {
    const a = await t.socket('a');
    const text = 'ż'.repeat(100000);
    await a.post('/echo', { text }, { silent: true, label: 'up' }).then((r) => t.check('echoed', r.body.body.text === text));
    const list = Array.from({ length: 5000 }, (_, i) => ({ i, s: 'v' + i }));
    await a.post('/echo', list, { silent: true, label: 'list' }).then((r) => t.check('list echoed', r.body.body.length === 5000 && r.body.body[4999].s === 'v4999'));
    await a.get('/res/big', undefined, { silent: true, label: 'down' }).then((r) => t.check('200000', r.body.text.length === 200000));
    await a.post('/sock/join', { room: 'r' });
    await a.post('/sock/broadcast', { room: 'r', event: 'big', data: 'x'.repeat(70000) }, { label: 'broadcast' });
    await a.get('/test/ping');
    let deep = 1;
    for (let i = 0; i < 60; i++) { deep = [deep]; }
    await a.post('/echo', { deep });
    const wide = {};
    for (let i = 0; i < 300; i++) { wide['k' + i] = i; }
    await a.post('/echo', wide, { silent: true, label: 'wide' }).then((r) => t.check('wide', Object.keys(r.body.all).length === 300));
    await t.http('POST', '/echo', { json: { text: 'y'.repeat(200) } });
  },
};
