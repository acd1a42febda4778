// Rules: PO-13, PO-14, PO-15, PO-16, PO-17, PO-18, SU-14.
export default {
  title: '0.12: publish calls with missing and odd arguments',
  client: 'sails.io.js@0.13.8',
  async run(t) {
    const [a, b] = await t.sockets('a', 'b');
    await a.post('/rps/watch', { model: 'user' });
    await a.post('/rps/subscribe', { model: 'user', ids: [1, 2] });
    const ask = (what, o) => b.post('/rps/' + what, { model: 'user', ...o }, { label: what + ' ' + JSON.stringify(o), replyMs: 800 });
    await ask('publishCreate', { values: { id: 1, name: 'x' } });
    await ask('publishCreate', { values: [{ id: 2, name: 'y' }, { id: 3, name: 'z' }] });
    await ask('publishUpdate', { id: 1, changes: { name: 'n' } });
    await ask('publishUpdate', { id: '1', changes: { name: 'n' }, previous: { name: 'o' } });
    await ask('publishUpdate', { id: 1, changes: {} });
    await t.quiet();
    await ask('publishDestroy', { id: 2 });
    await ask('publishAdd', { id: 1, alias: 'pets', added: 4 });
    await ask('publishAdd', { id: 1, alias: 'pets', added: { id: 5, name: 'p' } });
    await ask('publishRemove', { id: 1, alias: 'pets', removed: 4 });
    await ask('publishAdd', { id: 1, alias: 'pets', added: 6, noReverse: true });
    await t.quiet();
    await ask('message', { id: 1, data: { greeting: 'hi' } });
    await ask('message', { id: 1, data: 'text' });
    await t.quiet();
  },
};
