// Rules: CN-9, CN-4.
export default {
  title: 'Engine.IO requests that are none',
  async run(t) {
    for (const q of ['', '?EIO=3', '?EIO=2&transport=polling', '?EIO=5&transport=polling', '?transport=polling', '?EIO=3&transport=websocket', '?EIO=3&transport=flashsocket', '?EIO=3&transport=polling&sid=nobody', '?EIO=4&transport=polling&sid=', '?EIO=3&transport=constructor', '?EIO=3&transport[]=polling']) {
      await t.http('GET', '/socket.io/' + q);
    }
    await t.http('POST', '/socket.io/?EIO=3&transport=polling');
    await t.http('PUT', '/socket.io/?EIO=3&transport=polling');
    await t.http('GET', '/socket.io/socket.io.js');
    await t.http('GET', '/socket.io/../echo');
    await t.http('GET', '/other.io/?EIO=3&transport=polling');
  },
};
