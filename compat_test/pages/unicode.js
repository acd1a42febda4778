// Text beyond ASCII. Over polling, releases with socket.io-client 1 read such an answer
// as broken and close; the original sends them the same.
configure();
play(async function () {
  await connected(io.socket, 'a');
  if (!(await comes(io.socket, ask(io.socket, 'get', '/res/unicode')))) { return; }
  hear(io.socket, 'a', 'żółw');
  await ask(io.socket, 'get', '/echo?a=1&b=%C5%BC');
  await ask(io.socket, 'post', '/echo', { text: 'zażółć 日本語 👩‍🚀 "\\\n\u2028', 'klíč': { x: ['ü'] } });
  await ask(io.socket, 'post', '/sock/emit', { event: 'żółw', args: ['日本'] });
  var long = 'ü'.repeat(60000);
  var back = await fetchQuietly(io.socket, 'post', '/echo', { long: long });
  note('long is the same', back.body.long === long);
});
