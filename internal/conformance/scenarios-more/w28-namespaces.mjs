// Rules: CN-1.
export default {
  title: 'Only the namespace / exists',
  async run(t) {
    await t.raw('a', { path: '/chat' });
    await t.raw('b', { path: '/chat', version: '4.8.4' });
    await t.quiet();
  },
};
