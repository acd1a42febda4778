// Rules: SK-1, SK-4, SK-7, SK-22, SK-33.
export default {
  title: 'A socket is a room: broadcasts to ids, blasts, omit',
  async run(t) {
    const [a, b, c] = await t.sockets('a', 'b', 'c');
    const say = (text) => ({ label: text });
    await c.post('/sock/broadcast', { room: a.id, event: 'to-a', data: 1 }, say('to a'));
    await c.post('/sock/broadcast', { rooms: [a.id, b.id], event: 'to-both', data: 2 }, say('to both'));
    await a.post('/sock/broadcast', { room: a.id, event: 'self', data: 3 }, say('to itself'));
    await a.post('/sock/broadcast', { room: a.id, event: 'self', data: 4, omit: 'me' }, say('to itself, omitted'));
    await t.http('POST', '/sock/broadcast', { json: { room: a.id, event: 'http', data: 5, omit: 'me' }, label: 'over HTTP' });
    await a.post('/sock/blast', { event: 'b', omit: 'me' });
    await a.post('/sock/blast', { event: 'b', omit: 'other' });
    await a.post('/sock/blast', {});
    await t.quiet();
    for (const path of ['id', 'join', 'leave', 'rooms', 'emit', 'ackorder']) { await t.http('GET', '/sock/' + path); }
  },
};
