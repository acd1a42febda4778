// Events to rooms, to all but the sender, and their order beside answers.
configure();
play(async function () {
  var other = open();
  await connected(io.socket, 'a');
  await connected(other, 'b');
  ['news', 'message', 'order'].forEach(function (event) { hear(io.socket, 'a', event); hear(other, 'b', event); });
  await ask(io.socket, 'post', '/sock/join', { room: 'red' });
  await ask(other, 'post', '/sock/join', { room: 'red' });
  await ask(other, 'post', '/sock/broadcast', { room: 'red', event: 'news', data: { n: 1, text: 'two' } });
  await ask(io.socket, 'get', '/test/ping');
  await ask(other, 'post', '/sock/broadcast', { room: 'red', event: 'news', data: { n: 2 }, omit: 'me' });
  await ask(io.socket, 'get', '/test/ping');
  await ask(io.socket, 'post', '/sock/blast', { event: 'message', data: 'to all' });
  await ask(other, 'get', '/test/ping');
  var answer = await fetchQuietly(io.socket, 'post', '/sock/ackorder');
  heard.a.push('answer ' + show(answer));
  await ask(io.socket, 'get', '/test/ping');
  await ask(other, 'post', '/sock/leave', { room: 'red' });
  await ask(io.socket, 'post', '/sock/broadcast', { room: 'red', event: 'news', data: { n: 3 } });
  await ask(other, 'get', '/test/ping');
  await ask(io.socket, 'get', '/sock/rooms');
  await ask(other, 'get', '/sock/rooms');
});
