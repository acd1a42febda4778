// Rules: SK-1, SK-24, SK-25.
export default {
  title: 'join and leave with odd rooms and sockets',
  async run(t) {
    const [a, b] = await t.sockets('a', 'b');
    const say = (o) => JSON.stringify(o).replace(/[A-Za-z0-9_-]{20}/g, '<id>');
    const join = (o) => a.post('/sock/join', o, { label: 'join ' + say(o) });
    const leave = (o) => a.post('/sock/leave', o, { label: 'leave ' + say(o) });
    await join({ room: 'ż 👍' });
    await join({ room: 'x'.repeat(60) });
    await join({ room: 'by-id', socketId: b.id });
    await join({ room: 'many', socketId: [a.id, b.id] });
    await join({ room: 'unknown', socketId: 'nobody' });
    await join({ room: 'some', socketId: [b.id, 'nobody'] });
    await join({ room: 'empty', socketId: [] });
    await a.get('/sock/rooms');
    await b.get('/sock/rooms');
    await leave({ room: 'never joined' });
    await leave({ room: 'by-id', socketId: b.id });
    await leave({ room: 'many', socketId: [a.id, b.id] });
    await leave({ room: 'some', socketId: 'nobody' });
    await a.get('/sock/rooms');
    await b.get('/sock/rooms');
    await leave({ room: a.id });
    await a.get('/sock/rooms');
    await join({ room: b.id });
    await b.post('/sock/broadcast', { room: b.id, event: 'to-b', data: 1 });
    await t.quiet();
  },
};
