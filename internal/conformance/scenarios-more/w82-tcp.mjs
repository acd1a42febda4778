// Rules: CN-24, SU-25.
export default {
  title: 'Refused WebSocket handshakes on the wire',
  variant: 'origins',
  async run(t) {
    const ask = (path, more = '') => `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n${more}\r\n`;
    await t.tcp('good', ask('/socket.io/?EIO=3&transport=websocket', 'Origin: http://good.example\r\n'));
    await t.tcp('bad origin', ask('/socket.io/?EIO=3&transport=websocket', 'Origin: http://bad.example\r\n'));
    await t.tcp('no origin', ask('/socket.io/?EIO=4&transport=websocket'));
    await t.tcp('unknown transport', ask('/socket.io/?EIO=3&transport=x', 'Origin: http://good.example\r\n'));
    await t.tcp('unknown sid', ask('/socket.io/?EIO=3&transport=websocket&sid=x', 'Origin: http://good.example\r\n'));
    await t.tcp('other revision', ask('/socket.io/?EIO=5&transport=websocket', 'Origin: http://good.example\r\n'));
  },
};
