// What the client says on the console is for development only. "?environment=" decides:
// the script's own address, its attributes, or the page's script.
var said = [];
console.log = function () { said.push(Array.prototype.join.call(arguments, ' ')); };
io.sails.transports = page.transports.split(',');
if (page.environment === 'script') { io.sails.environment = 'production'; }
play(async function () {
  await connected(io.socket, 'a');
  await ask(io.socket, 'post', '/sock/emit', { event: 'sails:parseError', args: [{ told: true }] });
  io.socket.disconnect();
  note('environment', io.sails.environment);
  note('banner', said.some(function (line) { return /Now connected to/.test(line); }));
  note('parse error', said.some(function (line) { return /error parsing a socket message/.test(line); }));
  note('goodbye', said.some(function (line) { return /was disconnected/.test(line); }));
});
