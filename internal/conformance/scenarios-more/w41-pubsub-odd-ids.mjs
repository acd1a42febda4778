// Rules: PS-2, PS-3, PS-7.
export default {
  title: 'Model.subscribe and unsubscribe with ids of every shape',
  async run(t) {
    const [a] = await t.sockets('a');
    const sub = async (ids) => {
      await a.post('/ps/user/subscribe', { ids }, { label: 'subscribe ' + JSON.stringify(ids) });
      await a.get('/sock/rooms');
    };
    await sub(1); await sub('2'); await sub([3, '4']); await sub({ id: 5 }); await sub([{ id: 6 }, { id: '7', name: 'x' }]);
    await sub([]); await sub('abc'); await sub(undefined); await sub(null); await sub(0); await sub(''); await sub([0]); await sub(['']); await sub(true); await sub({}); await sub([{}]); await sub([1.5]); await sub([-1]);
    for (const ids of [1, '2', [3], { id: 5 }, [{ id: 6 }], undefined, [], [99]]) {
      await a.post('/ps/user/unsubscribe', { ids }, { label: 'unsubscribe ' + JSON.stringify(ids) });
      await a.get('/sock/rooms');
    }
  },
};
