// Long bodies both ways.
configure();
play(async function () {
  await connected(io.socket, 'a');
  var long = 'long '.repeat(20000);
  var big = fetchQuietly(io.socket, 'get', '/res/big');
  if (!(await comes(io.socket, big))) { return; }
  note('big', (await big).n, (await big).text.length);
  var back = await fetchQuietly(io.socket, 'post', '/echo', { long: long });
  note('long is the same', back.body.long === long);
});
