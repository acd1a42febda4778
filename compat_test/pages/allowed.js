// A page of the one origin that may connect.
configure({ url: page.abroad });
play(async function () {
  if (!(await reached(io.socket, 'a'))) { return; }
  await ask(io.socket, 'get', '/session/count');
  await ask(io.socket, 'get', '/session/count');
});
