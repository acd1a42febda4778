// Rules: CL-6, CN-4, CN-6, CN-7, VR-1, VR-2, VS-1.
const SDK = '__sails_io_sdk_version=1.2.1&__sails_io_sdk_platform=node&__sails_io_sdk_language=javascript';
const query = Object.fromEntries(new URLSearchParams(SDK));
export default {
  title: 'socket.io-client 4.8 (Engine.IO 4) speaking the virtual-request message itself',
  async run(t) {
    const r = await t.raw('r', { version: '4.8.4', query });
    await r.ask('get', { url: '/echo?x=1', data: { y: 2 } });
    await r.ask('post', { url: '/echo', params: { a: 1, b: 2 }, data: { b: 3 } });
    await r.ask('put', { url: '/echo', data: [1, 2] });
    await r.ask('patch', { url: '/echo', headers: { 'x-custom': 'one' } });
    await r.ask('delete', { url: '/echo', method: 'get' });
    await r.ask('head', { url: '/echo' });
    await r.ask('options', { url: '/echo' });
    await r.ask('get', { url: '/res/buffer' });
    await r.ask('get', { url: '/res/nested-buffer' });
    await r.ask('get', { url: '/res/nothing' });
    await r.ask('get', { url: '/session/count' });
    await r.ask('get', { url: '/session/count' });
    await r.ask('post', { url: '/sock/join', data: { room: 'x' } });
    await r.ask('post', { url: '/sock/broadcast', data: { room: 'x', event: 'hello', data: { n: 1 } } });
    await r.ask('get', { url: '/sock/ackorder' });
    await t.quiet();
    const id = await r.ask('get', { url: '/sock/id', $: 1 });
    t.check('the server knows the id', id.answer[0].body.id === r.sock.id);
  },
};
