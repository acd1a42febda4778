// autoConnect is off: nothing connects until told to.
configure({ autoConnect: false });
play(async function () {
  await later(50);
  note('io.socket', typeof io.socket);
  note('connections', await stage('handshakes'));
  var s = open();
  await connected(s, 'a');
  await ask(s, 'get', '/test/ping');
  note('connections', await stage('handshakes'));
});
