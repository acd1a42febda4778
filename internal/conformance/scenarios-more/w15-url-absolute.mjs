// Rules: VR-5.
export default {
  title: 'Urls without a leading slash, absolute urls',
  async run(t) {
    const a = await t.socket('a');
    for (const u of ['echo', '?x=1', '#x', '.', `${t.url}/echo?own=1`, 'mailto:x@example.com', 'javascript:alert(1)']) { await a.get(u); }
  },
};
