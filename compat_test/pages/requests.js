// Requests of every verb, made before and after the socket has connected.
configure();
play(async function () {
  var early = [1, 2, 3].map(function (n) { return ask(io.socket, 'get', '/res/status/20' + n, undefined, 'early ' + n); }); // CL-1, CL-5
  note('connected at once', io.socket.isConnected());
  await Promise.all(early);
  await connected(io.socket, 'a');
  await ask(io.socket, 'get', '/echo', { a: 1, list: [1, 'two', null] });
  await ask(io.socket, 'get', '/echo?a=1&b=%22x');
  await ask(io.socket, 'post', '/echo', { text: 'quote " backslash \\ newline \n', deep: { x: [{ y: null }] } });
  await ask(io.socket, 'put', '/echo', { n: 1.5 });
  if (io.socket.patch) { await ask(io.socket, 'patch', '/echo', { p: true }); }
  await ask(io.socket, 'delete', '/echo', { gone: 7 });
  await new Promise(function (answered) {
    io.socket.request({ method: 'OPTIONS', url: '/echo/opt', headers: { 'x-custom': 'own' } }, function (body, jwr) {
      note('request', jwr.statusCode, body.method);
      answered();
    });
  });
  for (var path of ['/res/created', '/res/bad-data', '/res/forbidden', '/res/notfound', '/res/null', '/res/array', '/res/teapot']) {
    await ask(io.socket, 'get', path);
  }
  var at = [];
  await Promise.all([...Array(30).keys()].map(async function (i) {
    var body = await fetchQuietly(io.socket, 'get', '/echo?i=' + i);
    at.push(Number(body.query.i));
  }));
  var last = page.transports.split(',').pop();
  await until('carried by ' + last, function () { return io.socket._raw.io.engine.transport.name === last; });
  await ask(io.socket, 'get', '/test/ping', undefined, 'over ' + last);
  note('thirty at once', at.sort(function (a, b) { return a - b; }));
});
