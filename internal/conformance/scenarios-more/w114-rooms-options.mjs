// Rules: SK-21, SK-22, SK-30.
export default {
  title: 'Options of leaveAll, and events that are data, with values of other types',
  async run(t) {
    const s = Object.fromEntries((await t.sockets('a', 'b')).map((socket, i) => ['ab'[i], socket]));
    for (const options of [{ includeSourceRoom: null }, { includeSourceRoom: 0 }, { includeSourceRoom: 'x' }, { includeSourceRoom: true }, { includeSocketRooms: 1 }, { includeSocketRooms: 'true' }, { includeSocketRooms: null, includeSourceRoom: false }, [], 'x', 5]) {
      for (const room of ['r', 'q']) { await s.b.post('/sock/join', { room }); }
      await s.a.post('/sock/leaveall', { room: 'r', options }, { label: `leaveall ${JSON.stringify(options)}` });
      await s.b.get('/sock/rooms');
    }
    for (const socket of [s.a, s.b]) { await socket.post('/sock/join', { room: 'r' }); }
    for (const event of [null, {}, [], { n: 1 }, [1], '', 'e']) {
      for (const omit of [undefined, 'me']) {
        await s.a.post('/sock/broadcast', { room: 'r', event, data: 1, omit }, { label: `broadcast ${JSON.stringify([event, omit])}` });
        await s.a.post('/sock/blast', { event, data: 1, omit }, { label: `blast ${JSON.stringify([event, omit])}` });
      }
    }
    await t.quiet();
  },
};
