// The page. It knows one thing about the server: its routes. All requests go over
// the socket of sails.io.js.
'use strict';

const $ = (id) => document.getElementById(id);
const KEPT_REQUESTS = 12;

const state = { room: roomOfAddress(), name: recall('name'), members: new Map(), known: [], entering: 0 };

if (window.io?.socket) {
  start(window.io.socket);
} else {
  $('missing').hidden = false;
  setStatus('offline', 'client missing');
}

function start(socket) {
  const request = (method, url, data) => new Promise((settle) => {
    const begun = performance.now();
    socket.request({ method, url, data: data ?? {} }, (body, jwr) => {
      showRequest(method, url, jwr.statusCode, performance.now() - begun);
      settle({ body, ok: jwr.statusCode < 400 });
    });
  });
  const path = (room) => `/rooms/${encodeURIComponent(room)}`;

  // Enters the room of the address bar, and shows it.
  async function enter() {
    const mine = ++state.entering;
    const { body, ok } = await request('post', `${path(state.room)}/members`, { name: state.name });
    if (mine !== state.entering) { return; } // another room was chosen meanwhile
    if (!ok) { addEvent(problemOf(body), true); return; }
    state.members = new Map(body.members.map((m) => [m.id, m]));
    showRoom(body);
    await listRooms();
  }

  async function listRooms() {
    const { body, ok } = await request('get', '/rooms');
    if (ok) { state.known = body; showRooms(); }
  }

  async function change(room) {
    if (room === state.room) { return; }
    const left = state.room;
    state.room = room;
    await request('delete', `${path(left)}/members/me`);
    await enter();
  }

  socket.on('message', ({ room, message }) => { if (room === state.room) { addMessage(message); } });
  socket.on('joined', ({ room, member }) => presence(room, member, true));
  socket.on('left', ({ room, member }) => presence(room, member, false));

  function presence(room, member, here) {
    if (room !== state.room) { return; }
    if (here) { state.members.set(member.id, member); } else { state.members.delete(member.id); }
    showPeople();
    addEvent(`${member.name} ${here ? 'joined' : 'left'}`);
    listRooms();
  }

  socket.on('connect', () => { setStatus('online', 'connected'); if (state.name) { enter(); } });
  socket.on('disconnect', () => setStatus('offline', 'connection lost, trying again…'));
  if (socket.isConnected()) { setStatus('online', 'connected'); }

  // Browsers keep pages one has left for a while, connection included: say goodbye.
  window.addEventListener('pagehide', () => { if (socket.isConnected()) { socket.disconnect(); } });
  window.addEventListener('pageshow', (e) => { if (e.persisted) { location.reload(); } });

  $('composer').addEventListener('submit', async (e) => {
    e.preventDefault();
    const text = $('text').value.trim();
    if (!text) { return; }
    $('text').value = '';
    const { body, ok } = await request('post', `${path(state.room)}/messages`, { text });
    if (!ok) { $('text').value = text; addEvent(problemOf(body), true); }
  });

  $('new-room').addEventListener('submit', (e) => {
    e.preventDefault();
    const room = $('new-room-name').value.trim();
    if (room) { $('new-room-name').value = ''; location.hash = encodeURIComponent(room); }
  });

  window.addEventListener('hashchange', () => change(roomOfAddress()));
  $('rename').addEventListener('click', askName);
  $('welcome-form').addEventListener('submit', () => {
    const name = $('name').value.trim();
    if (!name) { return; }
    state.name = name;
    remember('name', name);
    showName();
    if (socket.isConnected()) { enter(); }
    setTimeout(() => $('text').focus());
  });

  $('text').disabled = $('send').disabled = false;
  if (state.name) {
    showName();
    if (socket.isConnected()) { enter(); }
  } else {
    askName();
  }
}

$('theme').addEventListener('click', () => {
  const dark = getComputedStyle(document.documentElement).colorScheme === 'dark'
    || (!document.documentElement.dataset.theme && matchMedia('(prefers-color-scheme: dark)').matches);
  const next = dark ? 'light' : 'dark';
  document.documentElement.dataset.theme = next;
  try { localStorage.setItem('theme', next); } catch { /* it lasts until the reload */ }
});

function askName() {
  $('name').value = state.name || '';
  $('welcome').showModal();
  $('name').select();
}

/* what is shown */

function showRoom(room) {
  $('room-name').textContent = room.name;
  document.title = `#${room.name} · go-sails chat`;
  $('log').replaceChildren();
  room.messages.forEach(addMessage);
  if (!room.messages.length) { $('log').append(element('li', 'empty', 'Nothing said here yet.')); }
  showPeople();
  const site = location.origin;
  $('curl').textContent = [
    `curl ${site}/rooms/${encodeURIComponent(room.name)}`,
    `curl ${site}/rooms/${encodeURIComponent(room.name)}/messages -d '{"from": "curl", "text": "hello from outside"}'`,
  ].join('\n');
}

function showRooms() {
  const names = state.known.some((r) => r.name === state.room) ? state.known : [...state.known, { name: state.room, members: 0 }];
  $('rooms').replaceChildren(...names.map((r) => {
    const link = element('a', '', '');
    link.href = `#${encodeURIComponent(r.name)}`;
    link.append(element('span', '', r.name), element('span', 'n', r.members ? String(r.members) : ''));
    if (r.name === state.room) { link.setAttribute('aria-current', 'page'); }
    const item = document.createElement('li');
    item.append(link);
    return item;
  }));
}

function showPeople() {
  const people = [...state.members.values()].sort((a, b) => a.name.localeCompare(b.name));
  $('count').textContent = String(people.length);
  $('people').replaceChildren(...people.map((m) => {
    const item = document.createElement('li');
    item.append(face(m.name), element('span', '', m.name));
    return item;
  }));
}

function addMessage(m) {
  const item = element('li', `msg${m.from === state.name ? ' mine' : ''}`, '');
  const who = element('div', 'who', m.from);
  const time = element('time', '', new Date(m.at).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' }));
  time.dateTime = m.at;
  who.append(time);
  item.append(face(m.from), who, element('div', 'text', m.text));
  append(item);
}

function addEvent(text, bad = false) { append(element('li', `event${bad ? ' bad' : ''}`, text)); }

function append(item) {
  const log = $('log');
  const following = log.scrollHeight - log.scrollTop - log.clientHeight < 120;
  log.querySelector('.empty')?.remove();
  log.append(item);
  if (following) { log.scrollTop = log.scrollHeight; }
}

function showRequest(method, url, status, ms) {
  const text = `${method.toUpperCase()} ${url}`;
  $('last').textContent = `${text} → ${status}`;
  const item = document.createElement('li');
  item.append(element('span', `code${status >= 400 ? ' bad' : ''}`, String(status)), element('span', 'path', text), element('span', 'ms', `${ms.toFixed(1)} ms`));
  $('requests').prepend(item);
  while ($('requests').children.length > KEPT_REQUESTS) { $('requests').lastChild.remove(); }
}

function showName() { $('me').textContent = state.name; }

function setStatus(kind, text) {
  $('status').dataset.state = kind;
  $('status').textContent = text;
}

function face(name) {
  let sum = 0;
  for (const c of name) { sum = (sum * 31 + c.codePointAt(0)) % 9973; }
  const mark = element('span', `face c${sum % 8}`, [...name][0]?.toUpperCase() ?? '?');
  mark.setAttribute('aria-hidden', 'true');
  return mark;
}

function element(tag, className, text) {
  const e = document.createElement(tag);
  if (className) { e.className = className; }
  if (text) { e.textContent = text; }
  return e;
}

/* small things */

function problemOf(body) { return body?.problem ?? (typeof body === 'string' ? body : 'that did not work'); }
function roomOfAddress() {
  try { return decodeURIComponent(location.hash.slice(1)) || 'blue'; } catch { return 'blue'; }
}
function recall(key) { try { return sessionStorage.getItem(key) || ''; } catch { return ''; } }
function remember(key, value) { try { sessionStorage.setItem(key, value); } catch { /* asked again next time */ } }
