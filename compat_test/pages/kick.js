// The server says goodbye: the client does not come back by itself, but when told to.
configure({ reconnection: true, reconnectionDelay: 20, reconnectionDelayMax: 20, randomizationFactor: 0 });
play(async function () {
  await connected(io.socket, 'first');
  var gone = new Promise(function (went) { io.socket.on('disconnect', went); });
  await ask(io.socket, 'get', '/test/kick');
  note('disconnects:', await gone);
  await later(150); // several attempts would fit
  note('connected', io.socket.isConnected());
  if (!io.socket.reconnect) { note('no reconnect() in this release'); return; }
  var queued = ask(io.socket, 'get', '/res/created', undefined, 'queued');
  io.socket.reconnect();
  await queued;
  await connected(io.socket, 'second');
  io.socket.disconnect();
  note('connected', io.socket.isConnected());
  try { io.socket.disconnect(); } catch (e) { note(e); }
});
