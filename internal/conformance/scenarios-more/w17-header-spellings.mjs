// Rules: VR-32.
export default {
  title: 'Request headers: spellings, types, odd names',
  async run(t) {
    const a = await t.socket('a');
    const ask = (headers, label) => a.request({ method: 'get', url: '/echo/headers', headers }, { label });
    await ask({ 'X-Custom': 'Upper', 'x-other': 'lower' }, 'case');
    await ask({ 'x-custom': 'first', 'X-Custom': 'second' }, 'lower, then upper');
    await ask({ 'X-Custom': 'first', 'x-custom': 'second' }, 'upper, then lower');
    await ask({ 'X-CUSTOM': 'all', 'X-Custom': 'some' }, 'two spellings, none lower');
    await ask({ n: 5, f: false, z: 0, nul: null, e: '', u: undefined }, 'values that are no strings');
    await ask({ l: [1, 2], o: { a: 1 }, d: 1.5 }, 'lists and objects');
    await ask({ referer: 'http://r.example/' }, 'referer');
    await ask({ Referrer: 'http://rr.example/' }, 'referrer');
    await ask({ 'user-agent': 'mine', 'content-type': 'text/plain', accept: 'text/html', 'accept-language': 'pl' }, 'known names');
    await ask({ authorization: 'Bearer x', 'x-requested-with': 'XMLHttpRequest' }, 'authorization');
    await ask({ '': 'empty name' }, 'empty name');
    await ask({ 'x-unicode': 'zażółć' }, 'unicode value');
    await ask({}, 'none');
  },
};
