// Rules: VR-4, VR-7, SEC-79.
export default {
  title: 'Data with odd values and keys',
  async run(t) {
    const a = await t.socket('a');
    await a.post('/echo', { n: null, f: false, z: 0, e: '', u: undefined, o: {}, l: [], nested: { l: [[], [null], {}] } });
    await a.post('/echo', JSON.parse('{"__proto__":{"x":1},"constructor":"c","toString":"t","length":3,"hasOwnProperty":1}'));
    await a.post('/echo', { 'a.b': 1, 'a[b]': 2, '': 3, ' ': 4, 'ż👍': 'ółć', '0': 'zero', '10': 'ten', '2': 'two' });
    await a.post('/echo', { big: 9007199254740991, neg: -1.5e-7, exp: 1e21, half: 0.5 });
    await a.post('/echo', { s: '\u0000\u0001\u001f\u007f\u2028\u2029\ufeff"\\/\b\f\n\r\t' });
    await a.post('/echo', { date: new Date(Date.UTC(2001, 1, 3)), re: /x/, nan: NaN, inf: -Infinity });
    await a.get('/echo', { n: null, f: false, e: '' });
    await a.post('/echo?n=q&f=q&e=q&z=q', { n: null, f: false, e: '', z: 0 });
    await a.post('/echo/p/one?second=q', { second: null });
    await a.post('/echo/p/one?second=q', { second: '' });
  },
};
