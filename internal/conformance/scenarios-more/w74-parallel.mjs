// Rules: VR-13.
export default {
  title: 'Many requests at once: every one is answered, its own answer',
  async run(t) {
    const [a, b] = await t.sockets('a', 'b');
    const fns = [];
    for (let i = 0; i < 12; i++) {
      fns.push(() => a.get(`/res/slow?ms=${40 + (i % 4) * 60}&tag=a${i}`, undefined, { label: 'a' + i }));
      fns.push(() => b.post('/echo', { i }, { label: 'b' + i }));
    }
    await t.parallel(...fns);
    await t.quiet({ unordered: true });
    // Five times as slow as their names: longer apart than a busy machine stops a process for.
    const order = await Promise.all([300, 50, 175].map((n) => a.get('/res/slow?ms=' + n * 5, undefined, { silent: true, label: 'slow ' + n })));
    t.check('three answers', order.every((r) => r.body.slow));
    await t.quiet({ label: 'the fastest first' });
  },
};
