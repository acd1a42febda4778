// Rules: RS-1, RS-2, RS-13.
export default {
  title: 'Response bodies of every type over plain HTTP',
  async run(t) {
    for (const k of ['string', 'empty-string', 'html', 'nothing', 'null', 'json-null', 'true', 'false', 'zero', 'number', 'json-string', 'array', 'object', 'holes', 'unicode', 'buffer', 'nested-buffer', 'no-such-kind']) {
      await t.http('GET', '/res/' + k);
    }
  },
};
