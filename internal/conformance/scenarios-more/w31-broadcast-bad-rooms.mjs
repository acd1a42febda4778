// Rules: SK-2.
export default {
  title: 'broadcast to rooms that are no strings',
  async run(t) {
    const [a, b] = await t.sockets('a', 'b');
    await a.post('/sock/join', { room: 'r' });
    const send = (o) => b.post('/sock/broadcast', o, { label: JSON.stringify(o) });
    for (const room of [null, '']) { await send({ room, event: 'r', data: 1 }); await t.quiet(); }
    await send({ event: 'r', data: 1 });
    await t.quiet();
  },
};
