// Rules: SK-27, SK-29, SK-30.
export default {
  title: 'leaveAll of odd rooms, with odd options',
  async run(t) {
    const [a, c] = await t.sockets('a', 'c');
    await a.post('/sock/join', { room: 'src' });
    await a.post('/sock/join', { room: 'x' });
    for (const room of [null, 7, '', ['src'], {}, 'nobody']) { await c.post('/sock/leaveall', { room }, { label: 'leaveall ' + JSON.stringify(room) }); }
    await c.post('/sock/leaveall', {});
    await a.get('/sock/rooms');
    await c.post('/sock/leaveall', { room: a.id }, { label: 'leaveall of one socket' });
    await a.get('/sock/rooms');
    await a.post('/sock/join', { room: 'src' });
    await c.post('/sock/leaveall', { room: 'src', options: { includeSourceRoom: 'no', includeSocketRooms: 1 } }, { label: 'truthy options' });
    await a.get('/sock/rooms');
    await t.http('POST', '/sock/leaveall', { json: { room: 'src' } });
    await t.http('POST', '/sock/leaveall', { json: {} });
  },
};
