// Rules: SK-20, PO-23.
export default {
  title: '0.12: rooms, broadcast to several rooms, blast, omit',
  client: 'sails.io.js@0.13.8',
  async run(t) {
    const [a, b, c] = await t.sockets('a', 'b', 'c');
    for (const s of [a, b]) { for (const room of ['one', 'two']) { await s.post('/sock/join', { room }); } }
    await c.post('/sock/broadcast', { rooms: ['one', 'two'], event: 'multi', data: { n: 1 } });
    await t.quiet({ label: 'one copy each' });
    await a.post('/sock/broadcast', { rooms: ['one', 'two'], event: 'omit', data: { n: 2 }, omit: 'me' });
    await a.post('/sock/broadcast', { room: 'one', data: { n: 3 } });
    await a.post('/sock/broadcast', { room: 'one', event: 'text', data: 'x' });
    await a.post('/sock/broadcast', { room: 'one', event: 'nodata' });
    await a.post('/sock/broadcast', { room: 'one', event: '', data: 1 });
    await t.quiet();
    await b.post('/sock/blast', { event: 'news', data: [1] });
    await b.post('/sock/blast', { event: 'news', data: [2], omit: 'me' });
    await b.post('/sock/blast', { data: { n: 4 } });
    await t.quiet();
    await b.post('/sock/leave', { room: 'one' });
    await b.get('/sock/rooms');
    await t.http('POST', '/sock/broadcast', { json: { room: 'two', event: 'http', data: 5, omit: 'me' } });
    await t.quiet();
  },
};
