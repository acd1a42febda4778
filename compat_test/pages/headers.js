// Headers for all requests, of one socket, of one request, and of the handshake, which
// only polling can carry from a browser (CL-4, CL-8).
var warned = 0;
console.warn = function () { warned++; };
configure({ headers: { 'x-global': 'everywhere', 'X-Both': 'global' } });
play(async function () {
  var own = open({ headers: { 'x-own': 'of this socket' }, initialConnectionHeaders: { 'x-first': 'handshake' } });
  await connected(io.socket, 'a');
  await connected(own, 'b');
  await custom('all', io.socket, {});
  await custom('own', own, {});
  await custom('request', io.socket, { 'X-Both': 'request', 'x-one': 'just once', cookie: 'a=b', host: 'elsewhere.example' });
  note('handshake', await stage('first'));
  note('warned', warned > 0);
});

function custom(label, socket, headers) {
  return new Promise(function (answered) {
    socket.request({ method: 'get', url: '/echo/headers', headers: headers }, function (body, jwr) {
      var shown = {};
      Object.keys(body.headers).forEach(function (name) { if (/^x-/i.test(name)) { shown[name] = body.headers[name]; } });
      note(label, jwr.statusCode, shown, 'host', (body.headers.host || 'none').replace(/:\d+$/, ':<port>'), 'own cookie', /a=b/.test(body.headers.cookie || ''));
      answered();
    });
  });
}
