// The server has another origin, and the page does not ask for its cookie: sockets have
// no session in common.
configure({ url: page.abroad, useCORSRouteToGetCookie: false });
io.sails.autoConnect = false; // releases before 0.13 take false for "as usual"
play(async function () {
  if (!since('0.13.0')) { note('not offered by this release'); return; }
  var a = open();
  if (!(await reached(a, 'a'))) { return; }
  note('cookie scripts', await stage('getcookies'));
  await ask(a, 'post', '/session/set', { key: 'colour', value: 'blue' });
  var b = open();
  await connected(b, 'b');
  await ask(b, 'get', '/session/get');
});
