// Rules: SK-27, SK-28, SK-29.
export default {
  title: 'addRoomMembersToRooms and removeRoomMembersFromRooms with odd values',
  async run(t) {
    const [a, c] = await t.sockets('a', 'c');
    await a.post('/sock/join', { room: 'src' });
    for (const path of ['addmembers', 'removemembers']) {
      const ask = (o) => c.post('/sock/' + path, o, { label: path + ' ' + JSON.stringify(o).replace(/[A-Za-z0-9_-]{20}/g, '<id>') });
      for (const from of [null, 7, ['src'], {}, 'nobody']) { await ask({ from, to: 'x' }); }
      await ask({ to: 'x' });
      for (const to of [null, 7, [], {}, ['y', 7, null, 'z'], ['src'], 'src']) { await ask({ from: 'src', to }); await a.get('/sock/rooms'); }
      await ask({ from: 'src' });
      await ask({ from: a.id, to: ['one', 'two'] });
      await a.get('/sock/rooms');
    }
    await t.http('POST', '/sock/addmembers', { json: { from: 'src', to: 'http' } });
    await a.get('/sock/rooms');
  },
};
