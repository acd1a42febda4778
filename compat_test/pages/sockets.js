// Several sockets to one server in one page: each has its own id, rooms, listeners,
// queue and end, and one namespace is all that Sails has.
configure({ autoConnect: true });
play(async function () {
  var two = open({ query: 'who=two' });
  var three = open({ query: 'who=three', transports: ['polling'] });
  var early = [
    ask(io.socket, 'post', '/sock/join', { room: 'one' }, 'one joins'),
    ask(two, 'post', '/sock/join', { room: 'two' }, 'two joins'),
    ask(three, 'post', '/sock/join', { room: 'three' }, 'three joins'),
  ];
  var first = results.length;
  await Promise.all(early);
  results.push.apply(results, results.splice(first).sort()); // whose queue runs first is open
  var ids = [await connected(io.socket, 'a'), await connected(two, 'b'), await connected(three, 'c')];
  note('different', new Set(ids).size);
  var all = { one: io.socket, two: two, three: three };
  for (var name in all) {
    hear(all[name], name, 'news');
    await ask(all[name], 'get', '/sock/rooms', undefined, name);
  }
  await ask(io.socket, 'post', '/sock/broadcast', { rooms: ['two', 'three'], event: 'news', data: 1 });
  await ask(two, 'get', '/test/ping');
  await ask(three, 'get', '/test/ping');
  note('carried by', two._raw.io.engine.transport.name === three._raw.io.engine.transport.name ? 'one kind' : 'two kinds');
  two.disconnect();
  note('connected', io.socket.isConnected(), two.isConnected(), three.isConnected());
  await ask(three, 'post', '/sock/broadcast', { rooms: ['one', 'two', 'three'], event: 'news', data: 2 });
  await ask(io.socket, 'get', '/test/ping');
  if (two.reconnect) {
    two.reconnect();
    await connected(two, 'd');
    await ask(two, 'get', '/sock/rooms');
  }
  var nowhere = open({ url: page.home + '/other' });
  await until('a raw socket', function () { return nowhere._raw; });
  note('another namespace:', await new Promise(function (refused) { nowhere.on('error', refused); }));
  await ask(io.socket, 'get', '/test/ping');
});
