// Settings as attributes of the script element (0.13.8 and later).
play(async function () {
  await later(30);
  note('io.socket', typeof io.socket, 'environment', io.sails.environment, 'transports', io.sails.transports, 'headers', io.sails.headers);
  note('url', io.sails.url);
  var s = open();
  await connected(s, 'a');
  var body = await fetchQuietly(s, 'get', '/echo/headers');
  note('x-tag', body.headers['x-tag'], 'carried by', s._raw.io.engine.transport.name);
});
