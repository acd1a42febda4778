// Rules: SK-24, SK-27, SK-28.
export default {
  title: 'Lists of rooms where a name is wanted',
  async run(t) {
    const [a, b] = await t.sockets('a', 'b');
    const rooms = async () => { for (const s of [a, b]) { await s.get('/sock/rooms'); } };
    for (const s of [a, b]) { await s.post('/sock/join', { room: ['one', 'two'] }); }
    await rooms();
    await a.post('/sock/leave', { room: ['one'] });
    await a.post('/sock/leave', { room: ['one', 'two'], socketId: b.id }, { label: 'leave of b' });
    await rooms();
    await a.post('/sock/leave', { room: ['two'], socketId: 'one' }, { label: 'leave of a room' });
    await a.post('/sock/join', { room: ['three', 'four'], socketId: 'one' }, { label: 'join of a room' });
    await rooms();
    await a.post('/sock/leave', { room: [] });
    await a.post('/sock/leave', { room: 'one' });
    await rooms();
    await b.post('/sock/broadcast', { rooms: ['one', 'three'], event: 'e', data: 1 });
    await b.post('/sock/broadcast', { room: ['four', 'three'], event: 'f', data: 2, omit: 'me' });
    await t.quiet();
  },
};
