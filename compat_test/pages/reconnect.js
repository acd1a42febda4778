// The server drops the connection: what was asked meanwhile is asked on return, rooms
// are gone, listeners stay (CL-11, CL-13, CL-14).
configure({ reconnection: true, reconnectionDelay: 50, reconnectionDelayMax: 50, randomizationFactor: 0 });
play(async function () {
  var before = await connected(io.socket, 'first');
  hear(io.socket, 'it', 'news');
  await ask(io.socket, 'post', '/sock/join', { room: 'red' });
  await ask(io.socket, 'get', '/sock/rooms');
  var ended = since('1.2.0') ? ask(io.socket, 'get', '/res/never') : null;
  var gone = new Promise(function (went) { io.socket.on('disconnect', went); });
  await ask(io.socket, 'get', '/test/drop');
  note('disconnects:', await gone);
  await ended;
  note('connected', io.socket.isConnected());
  var queued = since('0.13.0') ? [1, 2, 3].map(function (n) { return ask(io.socket, 'get', '/res/status/20' + n, undefined, 'queued ' + n); }) : [];
  await Promise.all(queued);
  var after = await connected(io.socket, 'second');
  note('another id', before !== after);
  await ask(io.socket, 'get', '/sock/rooms');
  await ask(io.socket, 'post', '/sock/emit', { event: 'news', args: ['still heard'] });
});
