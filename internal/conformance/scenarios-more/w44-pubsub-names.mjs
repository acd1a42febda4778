// Rules: PS-1.
export default {
  title: 'Room names and unknown models, over sockets and HTTP',
  async run(t) {
    const a = await t.socket('a');
    for (const q of ['id=1', 'id=abc', 'id=', '', 'id=1&id=2', 'id=%C5%BC', 'id=0']) { await a.get('/ps/user/room?' + q); }
    for (const id of [1, 0, null, '', 'x', [4], true]) { await a.post('/ps/user/room', { id }, { label: 'room ' + JSON.stringify(id) }); }
    for (const m of ['nothing', 'User', 'USER']) { await a.get(`/ps/${m}/room?id=1`); }
    await t.http('GET', '/ps/user/room?id=1');
    await t.http('POST', '/ps/user/subscribe', { json: { ids: [1] } });
    await t.http('POST', '/ps/user/unsubscribe', { json: { ids: [1] } });
    await t.http('POST', '/ps/nothing/publish', { json: { ids: [1] } });
  },
};
