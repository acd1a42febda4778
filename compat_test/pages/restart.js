// The server ends and another one begins: attempts fail for a while, then the queue is
// sent and all is as with a new server.
configure({ reconnection: true, reconnectionDelay: 50, reconnectionDelayMax: 100, randomizationFactor: 0 });
play(async function () {
  var attempts = 0;
  await connected(io.socket, 'first');
  await ask(io.socket, 'get', '/session/count');
  var gone = new Promise(function (went) { io.socket.on('disconnect', went); });
  io.socket.on('reconnect_attempt', function () { attempts++; });
  io.socket.on('reconnecting', function () { attempts++; });
  await stage('down');
  await gone;
  note('disconnected');
  await until('three attempts', function () { return attempts >= 3; });
  note('connected', io.socket.isConnected());
  var queued = since('0.13.0') ? ask(io.socket, 'post', '/echo', { sent: 'while away' }) : null;
  await stage('up');
  await queued;
  await connected(io.socket, 'second');
  await ask(io.socket, 'get', '/session/count');
});
