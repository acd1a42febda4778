// Rules: SK-30.
export default {
  title: 'leaveAll with every combination of options',
  async run(t) {
    const [a, b, c] = await t.sockets('a', 'b', 'c');
    const fill = async () => { for (const s of [a, b]) { for (const room of ['src', 'x']) { await s.post('/sock/join', { room }); } } };
    for (const options of [{}, { includeSourceRoom: true }, { includeSourceRoom: false }, { includeSocketRooms: true }, { includeSocketRooms: false }, { includeSourceRoom: false, includeSocketRooms: true }]) {
      await fill();
      await c.post('/sock/leaveall', { room: 'src', options }, { label: 'leaveall ' + JSON.stringify(options) });
      await a.get('/sock/rooms');
      await b.get('/sock/rooms');
    }
  },
};
