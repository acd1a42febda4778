// Released clients from node_modules, each under its npm alias, unmodified.
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);

// The socket.io-client every sails.io.js release is built with.
export const TRANSPORT_OF = {
  '0.11.5': '1.2.1', '0.11.6': '1.2.1', '0.11.7': '1.2.1',
  '0.12.6': '1.4.8',
  '0.13.0': '1.4.8', '0.13.8': '1.4.8',
  '0.14.0': '1.4.5',
  '1.0.0': '1.4.5',
  '1.1.4': '1.7.1', '1.1.5': '1.7.1', '1.1.9': '1.7.1',
  '1.1.10': '1.7.3', '1.1.12': '1.7.3',
  '1.1.13': '2.0.3', '1.2.0': '2.0.3', '1.2.1': '2.0.3',
};

export function socketIOClient(version) { return require(`socket.io-client-${version}`); }

// A sails.io.js release on its own socket.io-client. Every raw socket it opens is
// announced at birth, before any event can be missed.
export function sailsClient(version, onRawSocket) {
  const transport = TRANSPORT_OF[version];
  if (!transport) { throw new Error(`sails.io.js ${version} is not in the list of released clients`); }
  const original = socketIOClient(transport);
  const io = (url, opts) => {
    const raw = original(url, opts);
    onRawSocket(raw);
    return raw;
  };
  for (const [key, member] of Object.entries(original)) {
    if (key !== 'sails' && key !== 'socket') { io[key] = member; }
  }
  io.connect = io;
  const client = require(`sails.io.js-${version}`)(io);
  client.sails.autoConnect = false;
  client.sails.environment = 'production'; // no banner
  return client;
}
