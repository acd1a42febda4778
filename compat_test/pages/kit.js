// What the pages of this folder have in common: settings from the page's address,
// requests whose answers are written down, and the test that is asked to act on the
// server. The test reads results when over is true.
var results = [];
var over = false;
var page = Object.fromEntries(new URLSearchParams(location.search));
var masks = [[page.home, '<home>'], [page.abroad, '<abroad>']];

// Notes one line. Objects are shown as JSON with sorted keys.
function note() { results.push(Array.prototype.map.call(arguments, show).join(' ')); }

function show(v) {
  var text = typeof v === 'string' ? v : v instanceof Error ? 'Error: ' + v.message : JSON.stringify(v, sorted);
  if (text === undefined) { return 'undefined'; }
  masks.forEach(function (mask) { text = text.split(mask[0]).join(mask[1]); });
  return text.replace(/::ffff:127\.0\.0\.1|127\.0\.0\.1|::1/g, '<loopback>');
}

function sorted(key, v) {
  if (!v || typeof v !== 'object' || Array.isArray(v)) { return v; }
  return Object.fromEntries(Object.keys(v).sort().map(function (name) { return [name, v[name]]; }));
}

// Whether the client is at least this release.
function since(release) {
  var mine = io.sails.sdk.version.split('.').map(Number);
  var other = release.split('.').map(Number);
  for (var i = 0; i < 3; i++) { if (mine[i] !== other[i]) { return mine[i] > other[i]; } }
  return true;
}

function later(ms) { return new Promise(function (resume) { setTimeout(resume, ms); }); }

async function until(what, check) {
  for (var end = Date.now() + 20000; !check(); await later(5)) {
    if (Date.now() > end) { throw new Error('never: ' + what); }
  }
}

// Waits until the socket is connected and gives its id a name.
async function connected(socket, name) {
  await until(name + ' connects', function () { return socket.isConnected(); });
  var id = socket._raw.id || socket._raw.io.engine.id;
  masks.unshift([id, '<' + name + '>']);
  return id;
}

// Waits for the outcome of connecting: true, or false and a note when it is refused.
async function reached(socket, name) {
  var refused = null;
  await until('a raw socket', function () { return socket._raw; });
  socket._raw.on('connect_error', function (e) { refused = e; });
  await until(name + ' connects or not', function () { return refused || socket.isConnected(); });
  if (refused) { note(name, 'does not connect:', refused); return false; }
  await connected(socket, name);
  return true;
}

// Sends a request; its answer is noted when it comes.
function ask(socket, verb, url, data, label) {
  return new Promise(function (answered) {
    var hear = function (body, jwr) {
      note(label || verb + ' ' + url, '→', jwr.statusCode, body);
      answered(body);
    };
    if (data === undefined) { socket[verb](url, hear); } else { socket[verb](url, data, hear); }
  });
}

// Like ask, but the answer is returned instead of noted.
function fetchQuietly(socket, verb, url, data) {
  return new Promise(function (answered) { socket[verb](url, data || {}, answered); });
}

// Keeps every event of that name, in the order of this one socket: what several
// sockets hear has no order. The lists are noted at the end.
var heard = {};
function hear(socket, name, event) {
  heard[name] = heard[name] || [];
  socket.on(event, function (m) { heard[name].push(event + ' ' + show(m)); });
}

// Asks the test to act; see the stage of the Go side.
async function stage(act) {
  var res = await fetch('/stage/' + act, { method: 'POST' });
  if (!res.ok) { throw new Error('stage ' + act + ': ' + res.status); }
  return res.text();
}

// Whether an answer comes; the connection may end instead, which is noted.
function comes(socket, answer) {
  return Promise.race([
    answer.then(function () { return true; }),
    new Promise(function (gone) { socket.on('disconnect', function () { note('the connection is lost'); gone(false); }); }),
  ]);
}

// Settings every page begins with.
function configure(settings) {
  io.sails.transports = page.transports.split(',');
  io.sails.environment = 'production'; // no banner
  Object.assign(io.sails, settings);
}

// A socket of its own to url, whatever other sockets the page has.
function open(settings) {
  var url = settings && settings.url || io.sails.url || page.home; // 0.11 wants one
  return io.sails.connect(url, Object.assign({ multiplex: false }, settings));
}

function play(scenario) {
  scenario().catch(function (e) { note('stopped', String(e && e.stack || e)); }).then(function () {
    Object.keys(heard).sort().forEach(function (name) { note(name, 'heard', heard[name]); });
    over = true;
  });
}
