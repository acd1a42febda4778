// Rules: SK-6.
export default {
  title: 'Reserved event names from broadcast, blast and emit',
  async run(t) {
    const [a] = await t.sockets('a');
    await a.post('/sock/join', { room: 'one' });
    for (const event of ['connect', 'connect_error', 'disconnect', 'disconnecting', 'newListener', 'removeListener']) {
      await a.post('/sock/broadcast', { room: 'one', event, data: 1 }, { label: 'broadcast ' + event });
      await a.post('/sock/blast', { event, data: 1 }, { label: 'blast ' + event });
      await a.post('/sock/emit', { event, args: [1] }, { label: 'emit ' + event });
    }
    for (const event of ['error', 'ping', 'message', 'sails:parseError', 'reconnect', '__proto__', 'get']) {
      await a.post('/sock/broadcast', { room: 'one', event, data: 1 }, { label: 'broadcast ' + event });
    }
    await t.quiet();
  },
};
