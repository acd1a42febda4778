// Rules: VR-6, RS-13.
const names = ['a[]=1&a[b]=2', 'a[b]=1&a[]=2&a[]=3', 'a=1&a[b]=2', 'a[b]=1&a=2', 'a[0]=2&a=1', 'a=1&a[0]=2', 'a[1]=1&a[]=2', 'a[b][]=1&a[b][c]=2', 'a[][b]=1&a[][c]=2', 'a[][b]=1&a[][b]=2', 'a[][]=1&a[][]=2', 'a=1&a=2&a[b]=3', 'a[b][c]=2&a[b]=1', 'a[b]=&a=', '[]=1&[]=2', '[][a]=1', '[b=1', 'a[b=1', 'a[b][c=1', 'a[b[c]=1', 'a[b[c]]=1', 'a[99]=1', 'a[100]=1', 'a[1000]=1', 'a[b][c][d][e][f][g][h]=1', 'a=%ff+b', 'a[%ff]=1', 'a=%C5%BC%', 'a=%zz'];
export default {
  title: 'Names with brackets in queries and forms, merged; wrong escapes',
  async run(t) {
    const form = { 'content-type': 'application/x-www-form-urlencoded' };
    const a = await t.socket('a');
    for (const q of names) {
      await t.http('GET', '/echo?' + q);
      await t.http('POST', '/echo', { headers: form, body: q, label: 'form ' + q });
      await a.get('/echo?' + q);
    }
    for (const accept of ['text/html', 'text/html,*/*', 'application/json']) {
      await t.http('POST', '/echo', { headers: { accept }, json: {}, label: 'JSON for ' + accept });
      await t.http('GET', '/echo', { headers: { accept }, label: 'GET for ' + accept });
    }
    await t.http('GET', '/res/status/205');
    await a.get('/res/status/205');
  },
};
