// Rules: SK-25.
export default {
  title: 'join and leave with sockets that are none',
  async run(t) {
    const [a] = await t.sockets('a');
    for (const socketId of [null, 7, '', {}, [null], [7], { id: 'x' }, true]) {
      await a.post('/sock/join', { room: 'r', socketId }, { label: 'join ' + JSON.stringify(socketId), replyMs: 500 });
      await a.post('/sock/leave', { room: 'r', socketId }, { label: 'leave ' + JSON.stringify(socketId), replyMs: 500 });
    }
    await a.get('/sock/rooms');
  },
};
