// Rules: SK-2, SK-5, SK-20, SK-21, SK-23.
export default {
  title: 'broadcast: odd events, data and rooms',
  async run(t) {
    const [a, b] = await t.sockets('a', 'b');
    await a.post('/sock/join', { room: 'one' });
    await a.post('/sock/join', { room: 'two' });
    const send = (o) => b.post('/sock/broadcast', o, { label: JSON.stringify(o) });
    for (const event of [null, '', 'e', [1], { o: 1 }]) { await send({ room: 'one', event, data: { n: 1 } }); }
    await t.quiet({ label: 'events' });
    for (const data of [false, 0, '', null, [], {}, 'ż👍', { deep: [{ a: [null] }] }]) { await send({ room: 'one', event: 'd', data }); }
    await t.quiet({ label: 'data' });
    await send({ room: 'one' });
    await send({ room: 'one', data: 'text' });
    await send({ room: 'one', data: [1] });
    await send({ room: 'one', data: null });
    await t.quiet({ label: 'no event' });
    for (const rooms of [['one', 'one'], ['one', 'two', 'none'], [], 'one', ['none']]) { await send({ rooms, event: 'r', data: 1 }); }
    await t.quiet({ label: 'rooms' });
  },
};
