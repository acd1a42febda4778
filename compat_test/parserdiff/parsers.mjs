// Decodes packets with the original parsers: one line of JSON for each job,
// {parser, cases: [text]}, one line for each answer, a list of what became of them.
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';

const driver = createRequire(new URL('../../internal/conformance/driver/package.json', import.meta.url));

// What a package requires, seen from the end of a chain of packages.
function through(...chain) {
  let require = driver;
  for (const name of chain.slice(0, -1)) { require = createRequire(require.resolve(name)); }
  return require(chain.at(-1));
}

// eslint-disable-next-line no-extend-native -- how received bytes are compared
Buffer.prototype.toJSON = function toJSON() { return this.toString('base64'); };

const broken = { error: true };

// A packet with the attachments it announces; attachment i is the byte i.
function socketIO({ Decoder }) {
  return (text) => {
    let packet;
    try {
      const decoder = new Decoder();
      decoder.on('decoded', (p) => { packet = p; });
      decoder.add(text);
      for (let i = 0; !packet && i < 10; i += 1) { decoder.add(Buffer.from([i])); }
    } catch {
      return broken;
    }
    const parserError = packet?.type === 4 && `${packet.data}`.startsWith('parser error');
    if (!packet || parserError) { return broken; }
    const type = packet.type > 4 ? packet.type - 3 : packet.type;
    const id = packet.id === undefined ? null : String(packet.id);
    return { type, nsp: packet.nsp, id, data: JSON.stringify(packet.data) ?? '' };
  };
}

const fromWire = ({ type, data = '' }) => (type === undefined || type === 'error' ? broken
  : { type, binary: typeof data !== 'string', data: data.toString(typeof data === 'string' ? 'utf8' : 'base64') });

const parsers = {
  'socket.io-parser 4.2': socketIO(through('socket.io-client-4.8.4', 'socket.io-parser')),
  'socket.io-parser 4.0': socketIO(through('socket.io-client-4.0.2', 'socket.io-parser')),
  'socket.io-parser 3.3': socketIO(through('socket.io-client-2.5.0', 'socket.io-parser')),
  'engine.io-parser 5': (text) => through('socket.io-client-4.8.4', 'engine.io-client', 'engine.io-parser')
    .decodePayload(text, 'nodebuffer').map(fromWire),
  'engine.io-parser 2': (text) => {
    const list = [];
    through('socket.io-client-2.5.0', 'engine.io-client', 'engine.io-parser')
      .decodePayload(text, (packet) => { list.push(fromWire(packet)); });
    return list;
  },
};

for await (const line of createInterface({ input: process.stdin })) {
  const { parser, cases } = JSON.parse(line);
  process.stdout.write(`${JSON.stringify(cases.map(parsers[parser]))}\n`);
}
