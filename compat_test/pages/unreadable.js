// Over polling, the bundle of 0.11 expects bytes wherever the browser can take them, and
// no Sails since 1.0 sends bytes for text: it has never worked, here or there.
configure();
play(async function () {
  note(await new Promise(function (failed) { io.socket.on('connect_error', failed); }));
  note('connected', io.socket.isConnected());
});
