// Rules: PS-4, PS-6.
export default {
  title: 'Model.publish with odd ids and data',
  async run(t) {
    const [a, b] = await t.sockets('a', 'b');
    await a.post('/ps/user/subscribe', { ids: [1, 2] });
    await a.post('/ps/room/subscribe', { ids: ['lobby', 'x:y'] });
    for (const data of [undefined, null, 'text', 5, false, [1, 2], { verb: 'updated', id: 9, nested: { a: [null] } }]) { await b.post('/ps/user/publish', { ids: [1], data }, { label: 'data ' + JSON.stringify(data) }); }
    await t.quiet({ label: 'data' });
    for (const ids of [1, '1', ['1'], { id: 1 }, [{ id: 2 }], [1, 1], [], undefined, null, 0]) { await b.post('/ps/user/publish', { ids, data: { n: 1 } }, { label: 'ids ' + JSON.stringify(ids) }); }
    await t.quiet({ label: 'ids' });
    for (const ids of [['lobby'], 'lobby', ['x:y'], { code: 'lobby' }, [{ code: 'lobby' }], ['LOBBY']]) { await b.post('/ps/room/publish', { ids, data: { n: 2 } }, { label: 'room ' + JSON.stringify(ids) }); }
    await t.quiet({ label: 'room' });
    await a.post('/ps/user/publish', { ids: [1], data: 1, omit: 'me' });
    await t.http('POST', '/ps/user/publish', { json: { ids: [1], data: 'http', omit: 'me' } });
    await t.quiet();
  },
};
