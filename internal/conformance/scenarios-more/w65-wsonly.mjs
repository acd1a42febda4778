// Rules: CN-8.
export default {
  title: 'Only WebSocket allowed',
  variant: 'wsonly',
  async run(t) {
    const a = await t.socket('a');
    await a.get('/echo');
    await t.socket('b', { transports: ['polling'] });
    await t.socket('c', { transports: ['polling', 'websocket'] });
    await t.raw('d', { version: '4.8.4', query: { __sails_io_sdk_version: '1.2.1' }, opts: { transports: ['polling'] } });
    await t.http('GET', '/socket.io/?EIO=3&transport=polling');
    await t.http('GET', '/socket.io/?EIO=4&transport=polling');
    await t.http('GET', '/socket.io/?EIO=4&transport=websocket');
    await t.http('GET', '/socket.io/socket.io.js');
    await t.quiet();
  },
};
