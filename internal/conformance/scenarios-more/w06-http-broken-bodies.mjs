// Rules: RS-13.
export default {
  title: 'Broken and odd bodies over plain HTTP',
  async run(t) {
    await t.http('POST', '/echo', { headers: { 'content-type': 'application/json' }, body: '{"broken": ' });
    await t.http('POST', '/echo', { headers: { 'content-type': 'application/json' }, body: '"only a string"' });
    await t.http('POST', '/echo', { headers: { 'content-type': 'application/json' }, body: '42' });
    await t.http('POST', '/echo', { headers: { 'content-type': 'application/json' }, body: 'null' });
    await t.http('POST', '/echo', { body: '{"no":"type"}' });
    await t.http('POST', '/echo', { headers: { 'content-type': 'application/octet-stream' }, body: 'bytes' });
    await t.http('GET', '/echo', { json: { body: 'of a GET' } });
  },
};
