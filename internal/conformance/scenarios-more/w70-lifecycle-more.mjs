// Rules: CL-5, CL-14, CN-41.
export default {
  title: 'Disconnect and reconnect: queued requests, pending ones, listeners, ids',
  async run(t) {
    const a = await t.socket('a');
    const first = a.id;
    a.disconnect();
    await t.quiet();
    const queued = [a.get('/echo?queued=1', undefined, { label: 'queued 1' }), a.get('/echo?queued=2', undefined, { label: 'queued 2' }), a.post('/echo', { queued: 3 }, { label: 'queued 3' })];
    await a.reconnect();
    await Promise.all(queued);
    await t.quiet({ label: 'the queue was sent in order' });
    t.check('another id', a.id !== first);
    await a.post('/sock/join', { room: 'r' });
    const b = await t.socket('b');
    await b.post('/sock/broadcast', { room: 'r', event: 'after', data: 1 });
    await t.quiet();
    await b.get('/test/stats');
    for (let i = 0; i < 3; i++) { b.disconnect(); await t.sleep(30); await b.reconnect(); }
    await a.get('/test/stats');
  },
};
