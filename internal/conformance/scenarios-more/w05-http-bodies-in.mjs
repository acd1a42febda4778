// Rules: VR-7.
const form = { 'content-type': 'application/x-www-form-urlencoded' };
export default {
  title: 'Bodies sent over plain HTTP: JSON, forms, text, none, broken',
  async run(t) {
    await t.http('POST', '/echo', { json: { a: 1, list: [1, { b: 2 }], s: 'zażółć' } });
    await t.http('POST', '/echo', { json: [1, 'two', null] });
    await t.http('POST', '/echo', { json: {} });
    await t.http('POST', '/echo');
    await t.http('PUT', '/echo?x=1', { json: { x: 2 } });
    await t.http('PATCH', '/echo', { json: { x: 2 } });
    await t.http('DELETE', '/echo', { json: { x: 2 } });
    await t.http('POST', '/echo', { headers: form, body: 'a=1&b[c]=2&b[d][]=3&b[d][]=4&e=%C5%BC+x' });
    await t.http('POST', '/echo', { headers: form, body: 'a=1&a=2&=3&novalue' });
    await t.http('POST', '/echo', { headers: { 'content-type': 'text/plain' }, body: 'plain text' });
    await t.http('POST', '/echo', { headers: { 'content-type': 'application/json; charset=utf-8' }, body: '{"u":"\\u00e9"}' });
  },
};
