// Rules: VR-6.
export default {
  title: 'Query strings: repeated, nested, empty, encoded',
  async run(t) {
    const a = await t.socket('a');
    for (const q of ['a=1&a=2', 'a[]=1', 'a[]=1&a[]=2', 'a[0]=x&a[1]=y', 'a[5]=x', 'a[b]=1&a[c][d]=2', 'a', 'a=', '=1', '&&a=1&', 'a=b=c', 'a+b=c+d', 'a=%20%2B%26', 'a=%C5%BC%F0%9F%91%8D', 'a=ż', 'a=%', 'a=%zz', 'a=%C5', 'a.b=1', 'a[=1', 'a]=1', 'a[b=1', 'a[b]c=1', 'a=1;b=2', 'a=1?b=2', 'a[b][c][d][e][f][g][h]=deep', 'a[30]=x']) {
      await a.get('/echo?' + q);
    }
  },
};
