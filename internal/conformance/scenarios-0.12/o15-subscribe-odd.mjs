// Rules: PO-11, PO-12, SU-14.
export default {
  title: '0.12: subscribe and unsubscribe with odd ids and contexts',
  client: 'sails.io.js@0.13.8',
  async run(t) {
    const a = await t.socket('a');
    const ask = async (what, o) => { await a.post('/rps/' + what, { model: 'user', ...o }, { label: what + ' ' + JSON.stringify(o) }); await a.get('/sock/rooms'); };
    for (const ids of [1, '2', [3, '4'], { id: 5 }, [{ id: 6 }], [], undefined, null, 0]) { await ask('subscribe', { ids }); }
    for (const contexts of ['update', ['destroy', 'message'], [], 'nothing']) { await ask('subscribe', { ids: [9], contexts }); }
    for (const contexts of ['update', ['destroy'], [], undefined]) { await ask('unsubscribe', { ids: [9], contexts }); }
    for (const ids of [1, '2', [3], { id: 5 }, []]) { await ask('unsubscribe', { ids }); }
  },
};
