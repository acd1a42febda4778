// Rules: CL-11.
export default {
  title: 'Requests in flight when the server drops or kicks',
  async run(t) {
    for (const how of ['kick', 'kick?close=yes', 'drop']) {
      const a = await t.socket('a-' + how);
      const slow = a.get('/res/slow?ms=600', undefined, { label: 'in flight' });
      await a.get('/test/' + how);
      await slow;
      await t.quiet({ label: how });
    }
    await t.sleep(500);
    await t.http('GET', '/test/stats');
  },
};
