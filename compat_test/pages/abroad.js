// The server has another origin: a script of it, asked for first, brings the cookie that
// joins sockets and HTTP in one session (CL-3, CN-50 and its neighbours).
configure({ url: page.abroad });
play(async function () {
  var reachable = await reached(io.socket, 'a');
  note('cookie scripts', await stage('getcookies'));
  if (!reachable) { return; }
  await ask(io.socket, 'post', '/session/set', { key: 'colour', value: 'blue' });
  await fetch(page.abroad + '/session/count', { mode: 'no-cors', credentials: 'include' });
  await ask(io.socket, 'get', '/session/get');
  var second = open({ url: page.abroad });
  await connected(second, 'b');
  await ask(second, 'get', '/session/get');
  note('cookie scripts', await stage('getcookies'));
  var odd = open({ url: page.abroad, useCORSRouteToGetCookie: '/__getcookie?again' });
  await connected(odd, 'c');
  await ask(odd, 'get', '/session/get');
  note('cookie scripts', await stage('getcookies'));
  note('own cookie', document.cookie.includes('sails.sid')); // HttpOnly
});
