// Rules: PO-5, PO-19, PO-20, PO-21, PO-22, PO-35.
export default {
  title: '0.12: publish, introduce, retire, subscribers, rooms',
  client: 'sails.io.js@0.13.8',
  async run(t) {
    const [a, b] = await t.sockets('a', 'b');
    await a.post('/rps/subscribe', { model: 'user', ids: [1] });
    await a.post('/rps/watch', { model: 'user' });
    const ask = (what, o = {}) => b.post('/rps/' + what, { model: 'user', ...o }, { label: what + ' ' + JSON.stringify(o) });
    for (const context of ['update', 'destroy', 'message', 'create', 'add:pets', 'nothing', undefined]) { await ask('publish', { ids: [1], event: 'user', context, data: { context } }); }
    await t.quiet();
    for (const context of ['update', undefined, 'nothing']) { await ask('subscribers', { id: 1, context }); await a.post('/rps/subscribers', { model: 'user', id: 1, context }); }
    await ask('watchers'); await a.post('/rps/watchers', { model: 'user' });
    await ask('contexts');
    for (const o of [{ id: 1 }, { id: 1, context: 'update' }, { id: 'x' }, {}]) { await ask('room', o); }
    await ask('introduce', { id: 7 });
    await a.get('/sock/rooms');
    await ask('retire', { id: 7 });
    await a.get('/sock/rooms');
    await b.post('/rps/watch', { model: 'nothing' });
    await b.post('/rps/watch', {});
  },
};
