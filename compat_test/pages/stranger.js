// A page of an origin that may not connect: over no transport, and again when asked to.
configure({ url: page.home });
var failures = 0;
io.socket.on('connect_error', function () { failures++; });
io.socket.on('connect', function () { note('connected'); });
play(async function () {
  io.socket.get('/session/get', function () { note('answered'); });
  await until('a failure', function () { return failures > 0; });
  note('refused', io.socket.isConnected());
  var plain = open({ useCORSRouteToGetCookie: false });
  plain.on('connect', function () { note('connected'); });
  await new Promise(function (failed) { plain.on('connect_error', failed); });
  note('refused', plain.isConnected());
});
