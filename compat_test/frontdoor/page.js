// What the page of TestFrontDoor_Browser does: window.play() asks the server for
// everything over the socket and over plain HTTP, and tells what it got.
const sorted = (key, value) => (value && typeof value === 'object' && !Array.isArray(value)
  ? Object.fromEntries(Object.keys(value).sort().map((name) => [name, value[name]])) : value);

window.play = async () => {
  const told = [];
  const events = [];
  const waiting = [];
  const tell = (what, seen) => { told.push({ what, ...seen }); };
  const socket = (method, url, data) => new Promise((settle) => {
    io.socket.request({ method, url, data }, (body, jwr) => {
      tell(`socket ${method} ${url}`, { status: jwr.statusCode, headers: Object.keys(jwr.headers || {}).sort(), body });
      settle(body);
    });
  });
  const web = async (method, url, data) => {
    const headers = { accept: 'application/json' };
    if (data) { headers['content-type'] = 'application/json'; }
    const res = await fetch(url, { method, headers, body: data && JSON.stringify(data) });
    const text = await res.text();
    let body = text;
    try { body = JSON.parse(text); } catch { /* it is text */ }
    tell(`web ${method} ${url}`, { status: res.status, type: res.headers.get('content-type'), redirected: res.redirected, body });
  };
  const hear = (name) => io.socket.on(name, (message) => { events.push({ name, message }); waiting.splice(0).forEach((wake) => wake()); });
  const heard = async (n) => { while (events.length < n) { await new Promise((wake) => { waiting.push(wake); }); } };
  hear('vet');
  hear('note');
  if (!io.socket.isConnected()) { await new Promise((connected) => { io.socket.on('connect', connected); }); }

  // One session: written here, read there, in both directions.
  await socket('post', '/session/set', { key: 'colour', value: 'blue' });
  await web('GET', '/session/get');
  await web('POST', '/session/set', { key: 'size', value: 3 });
  await socket('get', '/session/get');
  await socket('get', '/session/count');
  await web('GET', '/session/count');
  await web('GET', '/policy/login');
  await socket('post', '/session/login', { userId: 7 });
  await web('GET', '/policy/login');
  await socket('get', '/policy/login');
  await web('POST', '/session/logout');
  await socket('get', '/policy/login');

  // Cookies of plain answers belong to the browser.
  await web('GET', '/cookie/set');
  await web('GET', '/cookie/get');
  tell('cookies of the page', { body: document.cookie.split('; ').map((c) => c.split('=')[0]).sort() });

  // What a request is, and where it comes from.
  await socket('post', '/echo?x=1', { a: [1, { b: null }], text: 'é' });
  await web('POST', '/echo?x=1', { a: [1, { b: null }] });
  await web('GET', '/echo/p/one/two');
  await socket('get', '/echo/p/one/two');
  await web('GET', '/go/redirect');
  for (const kind of ['ok', 'created', 'badRequest', 'forbidden', 'notFound', 'serverError', 'json', 'text', 'null', 'number']) {
    await socket('get', `/res/${kind}`);
    await web('GET', `/res/${kind}`);
  }
  await socket('get', '/nobody/knows');
  await web('GET', '/nobody/knows');

  // Records and their notifications.
  await socket('get', '/vet');
  await web('POST', '/vet', { name: 'Ann' });
  await heard(1);
  await socket('post', '/vet', { name: 'Bob' });
  await web('GET', '/vet?sort=name DESC');
  await web('DELETE', '/vet/1');
  await socket('post', '/vet', {});

  // Rooms: joined here, spoken to from anywhere.
  await socket('post', '/sock/join', { room: 'blue' });
  await web('POST', '/sock/broadcast', { room: 'blue', event: 'note', data: { n: 1 } });
  await heard(2);
  await socket('post', '/sock/broadcast', { room: 'blue', event: 'note', data: { n: 2 } });
  await heard(3);
  await web('POST', '/sock/blast', { event: 'note', data: { n: 3 } });
  await heard(4);
  await socket('post', '/sock/leave', { room: 'blue' });
  await web('POST', '/sock/broadcast', { room: 'blue', event: 'note', data: 'nobody is there' });
  await web('POST', '/sock/blast', { event: 'note', data: { n: 4 } });
  await heard(5);
  for (const e of events) { tell(`event ${e.name}`, { body: e.message }); }
  return told.map((line) => JSON.stringify(line, sorted).replaceAll(location.port, '<port>').replace(/\b1\d{12}\b/g, '<ms>'));
};
