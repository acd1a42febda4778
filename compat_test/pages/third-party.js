// The server is another site altogether. Browsers take its cookies only if they are
// SameSite=None and Secure, in private windows only if they are Partitioned as well: with
// such ones sockets and HTTP share a session.
configure({ url: page.abroad });
play(async function () {
  if (!(await reached(io.socket, 'a'))) { return; }
  await ask(io.socket, 'get', '/count');
  await fetch(page.abroad + '/count', { mode: 'no-cors', credentials: 'include' });
  await ask(io.socket, 'get', '/count');
  var second = open();
  await connected(second, 'b');
  await ask(second, 'get', '/count');
  note('over', second._raw.io.engine.transport.name);
});
