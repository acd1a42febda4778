'use strict';
// A page of two models. It asks for records over its socket, which subscribes it to
// them, and then shows what the server says about them.

const lists = new Map(); // id -> list
const tasks = new Map(); // id -> task
const $ = (selector) => document.querySelector(selector);

function element(name, properties = {}, ...children) {
  const e = Object.assign(document.createElement(name), properties);
  e.append(...children);
  return e;
}

// request sends a request over the socket and answers its body.
function request(method, url, data) {
  return new Promise((resolve, reject) => {
    io.socket.request({ method, url, data }, (body, jwr) => {
      if (jwr.error) { reject(new Error((body && body.details) || String(body))); } else { resolve(body); }
    });
  });
}

const idOf = (value) => (value && typeof value === 'object' ? value.id : value);

// keep takes over what is said of a task; a message about a change names only what changed.
function keep(task) {
  const known = { ...tasks.get(task.id), ...task };
  tasks.set(task.id, { ...known, list: idOf(known.list) });
}

// act runs a change, and shows it or what was wrong with it.
async function act(change) {
  try {
    await change();
    say('');
  } catch (err) { say(err.message); }
  draw();
}

function say(text) {
  let box = $('.error');
  if (!box) { box = element('p', { className: 'error' }); box.setAttribute('role', 'alert'); $('#new-list').after(box); }
  box.textContent = text;
}

function drawTask(task, fresh) {
  const box = element('input', { type: 'checkbox', checked: task.done });
  box.setAttribute('aria-label', `${task.title}: done`);
  box.addEventListener('change', () => act(async () => keep(await request('patch', `/task/${task.id}`, { done: box.checked }))));
  const gone = element('button', { className: 'quiet', textContent: '✕', type: 'button' });
  gone.setAttribute('aria-label', `Delete ${task.title}`);
  gone.addEventListener('click', () => act(async () => { await request('delete', `/task/${task.id}`); tasks.delete(task.id); }));
  const row = element('li', { className: 'task' }, box, element('span', { textContent: task.title }), gone);
  row.classList.toggle('done', task.done);
  row.classList.toggle('flash', fresh);
  row.dataset.task = task.id;
  return row;
}

function drawList(list, fresh) {
  const rows = [...tasks.values()].filter((task) => task.list === list.id).sort((a, b) => a.id - b.id);
  const form = element('form', {}, Object.assign(element('input', { name: 'title', placeholder: 'A new task', maxLength: 200, required: true })), element('button', { textContent: 'Add' }));
  form.elements.title.setAttribute('aria-label', `New task in ${list.name}`);
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    act(async () => keep(await request('post', '/task', { title: form.elements.title.value, list: list.id })));
  });
  const box = element('article', { className: 'list' },
    element('header', {}, element('h3', { textContent: list.name })),
    element('ul', {}, ...rows.map((task) => drawTask(task, fresh && fresh.model === 'task' && fresh.id === task.id))), form);
  box.classList.toggle('flash', Boolean(fresh && fresh.model === 'list' && fresh.id === list.id));
  box.dataset.list = list.id;
  return box;
}

// draw shows everything; what somebody is typing stays.
function draw(fresh) {
  const typed = new Map([...document.querySelectorAll('.list')].map((box) => [box.dataset.list, box.querySelector('[name=title]').value]));
  const focused = document.activeElement && document.activeElement.closest('.list');
  const typing = focused && document.activeElement.name === 'title' && focused.dataset.list;
  $('#lists').replaceChildren(...[...lists.values()].sort((a, b) => a.id - b.id).map((list) => drawList(list, fresh)));
  for (const box of document.querySelectorAll('.list')) {
    const input = box.querySelector('[name=title]');
    if (fresh && typed.has(box.dataset.list)) { input.value = typed.get(box.dataset.list); }
    if (typing === box.dataset.list) { input.focus(); }
  }
}

// hear keeps what the server says about a record of a model.
function hear(model, message) {
  const all = model === 'list' ? lists : tasks;
  switch (message.verb) {
    case 'created': if (model === 'task') { keep(message.data); } else { lists.set(message.id, message.data); } break;
    case 'updated': if (model === 'task') { keep({ id: message.id, ...message.data }); } else { lists.set(message.id, { ...lists.get(message.id), ...message.data }); } break;
    case 'destroyed': all.delete(message.id); break;
    case 'addedTo': break; // the task says so itself
    case 'removedFrom': break;
  }
  log(model, message);
  draw({ model, id: message.id });
}

function log(model, message) {
  const { verb, id, data, previous, ...rest } = message;
  const what = data || (Object.keys(rest).length > 0 ? rest : previous && { was: previous.title || previous.name }) || {};
  $('#log').prepend(element('li', {}, element('b', { textContent: `${model} ${id} ${verb}` }), ' ' + JSON.stringify(what)));
  while ($('#log').children.length > 50) { $('#log').lastChild.remove(); }
}

function state(name, text) { $('#state').dataset.state = name; $('#state').textContent = text; }

async function load() {
  const [l, t] = await Promise.all([request('get', '/list', { limit: 1000 }), request('get', '/task', { limit: 1000 })]);
  lists.clear();
  tasks.clear();
  for (const { tasks: _, ...list } of l) { lists.set(list.id, list); }
  t.forEach(keep);
  if (l.length === 0) { // the very first visitor
    const list = await request('post', '/list', { name: 'Try this' });
    lists.set(list.id, list);
    for (const title of ['Open this page in a second tab', 'Tick a task there', 'Watch it here']) { keep(await request('post', '/task', { title, list: list.id })); }
  }
  draw();
}

$('#new-list').addEventListener('submit', (event) => {
  event.preventDefault();
  const form = event.target;
  act(async () => {
    const list = await request('post', '/list', { name: form.elements.name.value });
    lists.set(list.id, list);
    form.reset();
  });
});

$('#curl').textContent = `curl ${location.origin}/task -H 'content-type: application/json' -d '{"title":"from curl","list":1}'`;

if (window.io && io.sails) {
  io.sails.reconnection = true;
  io.socket = io.sails.connect(location.origin);
  io.socket.on('connect', () => { state('live', 'connected'); load().catch((err) => say(err.message)); });
  io.socket.on('disconnect', () => state('gone', 'connection lost, trying again…'));
  io.socket.on('list', (message) => hear('list', message));
  io.socket.on('task', (message) => hear('task', message));
} else {
  state('gone', 'The client is missing: run "npm install" in the folder of the application.');
}
