// What every client release has to be able to do. The server offers the mounts of
// the "protocol" server.
import assert from 'node:assert/strict';
import { describe } from './caller.mjs';
import { pause } from './watched.mjs';

const VALUES = [
  'text', '', 'zażółć gęślą jaźń', '日本語 👩‍🚀 €', 'quote " backslash \\ newline \n null \u0000 \u2028', 0, -1.5, 1e21, 9007199254740991, true, false, null,
  [], {}, [1, [2, [3, [null]]]], { a: { b: { c: [true, { d: 'e' }] } }, '': 'empty key' }, 'x'.repeat(100_000),
];

const bytes = (...list) => Buffer.from(list);
const plain = (v) => (v instanceof ArrayBuffer ? Buffer.from(v) : ArrayBuffer.isView(v) ? Buffer.from(v.buffer, v.byteOffset, v.byteLength) : v);
const same = (a, b) => assert.deepEqual([...plain(a)], [...plain(b)]);

// Waits until the server has heard of it too.
async function serverReason(t, watcher, id) {
  for (let i = 0; i < 200; i++) {
    const [reason] = await t.ask(watcher, 'reason-of', id);
    if (reason) { return reason; }
    await pause(20);
  }
  return null;
}

export const cases = [
  {
    name: 'connect',
    async run(t) {
      const s = await t.connect({ query: { token: 'a b&c' } });
      const [me] = await t.ask(s, 'who');
      assert.equal(s.connected, true);
      assert.equal(me.query.token, 'a b&c');
      assert.equal(me.query.EIO, t.since(3) ? '4' : '3');
      assert.deepEqual(me.rooms, [me.id]);
      assert.equal(me.recovered, false);
      if (t.since(1, 7)) { assert.equal(s.id, me.id); }
      if (t.transport !== 'upgrade') { assert.equal(me.transport, t.transport); }
    },
  },
  {
    name: 'events',
    async run(t) {
      const s = await t.connect();
      for (const v of VALUES) {
        const back = t.event(s, 'message-back');
        s.emit('message', v, 'second');
        assert.deepEqual(await back, [v, 'second']);
      }
      const none = t.event(s, 'message-back');
      s.emit('message');
      assert.deepEqual(await none, []);
    },
  },
  {
    name: 'order',
    async run(t) {
      const s = await t.connect();
      const numbers = t.events(s, 'm', 300);
      s.emit('many', 300);
      assert.deepEqual((await numbers).flat(), [...Array(300).keys()]);
      const echoes = t.events(s, 'message-back', 200);
      for (let i = 0; i < 200; i++) { s.emit('message', i); }
      assert.deepEqual((await echoes).flat(), [...Array(200).keys()]);
    },
  },
  {
    name: 'acknowledgements',
    async run(t) {
      const s = await t.connect();
      for (const v of VALUES) { assert.deepEqual(await t.ask(s, 'message-with-ack', v, 1), [v, 1]); }
      const many = await Promise.all([...Array(50).keys()].map((i) => t.ask(s, 'message-with-ack', i)));
      assert.deepEqual(many.flat(), [...Array(50).keys()]);
    },
  },
  {
    name: 'acknowledgements to the server',
    async run(t) {
      const s = await t.connect();
      s.on('question', (a, b, answer) => answer(b, a, { done: true }));
      const answered = t.event(s, 'answered');
      s.emit('ask-me', ['question', 1, 'two']);
      assert.deepEqual(await answered, ['two', 1, { done: true }]);
      const asked = t.event(s, 'asked');
      s.emit('ask-timeout', 100);
      assert.deepEqual(await asked, ['operation has timed out']);
    },
  },
  {
    name: 'binary',
    only: (t) => t.since(1, 1), // 1.0 does not know that Node's buffers are parts of larger ones
    async run(t) {
      const s = await t.connect();
      const back = t.event(s, 'message-back');
      s.emit('message', bytes(0, 1, 255), { deep: [bytes(2), { er: bytes() }] }, 'text');
      const [first, second, third] = await back;
      same(first, bytes(0, 1, 255));
      same(second.deep[0], bytes(2));
      assert.equal(plain(second.deep[1].er).length, 0);
      assert.equal(third, 'text');
      const fromServer = t.event(s, 'bin');
      s.emit('bin', 3);
      (await fromServer).forEach((b, i) => same(b, bytes(i, i + 1)));
      const big = Buffer.alloc(200_000, 7);
      const bigBack = t.event(s, 'message-back');
      s.emit('message', big);
      assert.ok(big.equals(plain((await bigBack)[0])));
    },
  },
  {
    name: 'binary acknowledgements',
    only: (t) => t.since(1, 1),
    async run(t) {
      const s = await t.connect();
      const [a, b] = await t.ask(s, 'message-with-ack', bytes(1, 2, 3), { b: bytes(4) });
      same(a, bytes(1, 2, 3));
      same(b.b, bytes(4));
      s.on('question', (x, answer) => answer({ x, y: bytes(9) }));
      const answered = t.event(s, 'answered');
      s.emit('ask-me', ['question', bytes(8)]);
      const [value] = await answered;
      same(value.x, bytes(8));
      same(value.y, bytes(9));
    },
  },
  {
    name: 'rooms and broadcast',
    async run(t) {
      const [a, b, c] = [await t.connect(), await t.connect(), await t.connect()];
      await t.ask(a, 'join', t.own('red'));
      await t.ask(b, 'join', t.own('red'));
      await t.ask(b, 'join', t.own('blue'));
      await t.ask(c, 'join', t.own('blue'));
      const heard = { a: [], b: [], c: [] };
      for (const [name, s] of Object.entries({ a, b, c })) { s.on(t.own('news'), (n) => heard[name].push(n)); }
      await t.ask(a, 'bcast', t.own('red'), null, [t.own('news'), 1]);
      await t.ask(a, 'bcast', [t.own('red'), t.own('blue')], null, [t.own('news'), 2]);
      await t.ask(a, 'bcast', t.own('red'), t.own('blue'), [t.own('news'), 3]);
      await t.ask(a, 'sbcast', [t.own('news'), 4]);
      await t.ask(b, 'leave', t.own('red'));
      await t.ask(a, 'bcast', t.own('red'), null, [t.own('news'), 5]);
      for (const s of [a, b, c]) { await t.ask(s, 'who'); } // everything before it has arrived
      assert.deepEqual(heard.a, [1, 2, 3, 5]);
      assert.deepEqual(heard.b, [1, 2, 4]);
      assert.deepEqual(heard.c, [2, 4]);
    },
  },
  {
    name: 'broadcast with acknowledgements',
    async run(t) {
      const [a, b, c] = [await t.connect(), await t.connect(), await t.connect()];
      for (const s of [b, c]) { await t.ask(s, 'join', t.own('poll')); }
      b.on('vote', (q, answer) => answer(`b:${q}`));
      const c1 = (q, answer) => answer(`c:${q}`);
      c.on('vote', c1);
      const [problem, votes] = await t.ask(a, 'bcast-ack', t.own('poll'), 2000, ['vote', 1]);
      assert.equal(problem, null);
      assert.deepEqual(votes.sort(), ['b:1', 'c:1']);
      c.removeListener('vote', c1);
      const [late, some] = await t.ask(a, 'bcast-ack', t.own('poll'), 700, ['vote', 2]);
      assert.equal(late, 'operation has timed out');
      assert.deepEqual(some, ['b:2']);
    },
  },
  {
    name: 'namespaces',
    async run(t) {
      const s = await t.connect();
      const custom = t.also(s, '/custom');
      await t.event(custom, 'connect');
      const [inCustom] = await t.ask(custom, 'who');
      const [inMain] = await t.ask(s, 'who');
      assert.notEqual(inCustom.id, inMain.id);
      const dynamic = t.also(s, '/dyn-7');
      assert.deepEqual(await t.event(dynamic, 'nsp'), ['/dyn-7']);
      custom.disconnect();
      assert.equal(await serverReason(t, s, inCustom.id), 'client namespace disconnect');
      assert.equal(s.connected, true);
    },
  },
  {
    name: 'refused namespaces',
    async run(t) {
      const refusal = async (opts) => {
        const s = t.socket(opts);
        return describe(await Promise.race([t.event(s, 'connect_error'), t.event(s, 'error')]).then(([e]) => e));
      };
      const modern = t.since(3);
      assert.equal(await refusal({ namespace: '/nowhere' }), modern ? 'Invalid namespace' : '{"message":"Invalid namespace"}');
      assert.equal(await refusal({ namespace: '/locked' }), modern ? 'not authorized {"code":"E1","n":1}' : '{"code":"E1","n":1}');
      assert.equal(await refusal({ namespace: '/locked-plain' }), 'no entry');
    },
  },
  {
    name: 'auth',
    only: (t) => t.since(3),
    async run(t) {
      const s = t.socket({ auth: { token: 'sesame', n: 1 } });
      assert.deepEqual(await t.event(s, 'auth'), [{ token: 'sesame', n: 1 }]);
      const locked = t.socket({ namespace: '/locked', auth: { token: 'sesame' } });
      await t.event(locked, 'connect');
    },
  },
  {
    name: 'heartbeat',
    attempts: 3, // the times are so short that a busy machine may miss one
    async run(t) {
      const s = await t.connect({ mount: '/socket.io' }); // pings every 300 ms
      let lost = null;
      s.on('disconnect', (reason) => { lost = reason; });
      await pause(1200);
      assert.equal(lost, null);
      assert.deepEqual(await t.ask(s, 'message-with-ack', 'alive'), ['alive']);
    },
  },
  {
    name: 'reconnection',
    async run(t) {
      const s = await t.connect({ reconnection: true, reconnectionDelay: 50, reconnectionDelayMax: 50, randomizationFactor: 0 });
      const [before] = await t.ask(s, 'who');
      const gone = t.event(s, 'disconnect');
      s.io.engine.close();
      await gone;
      const again = t.event(s, 'connect');
      const kept = t.ask(s, 'message-with-ack', 'sent while away');
      await again;
      assert.deepEqual(await kept, ['sent while away']);
      const [after] = await t.ask(s, 'who');
      assert.notEqual(after.id, before.id);
    },
  },
  {
    name: 'disconnect reasons',
    async run(t) {
      const watcher = await t.connect();
      const reason = async (how, connect = () => t.connect()) => {
        const s = await connect();
        const [{ id }] = await t.ask(s, 'who');
        const here = t.event(s, 'disconnect');
        how(s);
        return [(await here)[0], await serverReason(t, watcher, id)];
      };
      const [mine, theirs] = await reason((s) => s.disconnect());
      assert.equal(mine, 'io client disconnect');
      // 1.0 may hang up before its goodbye has left, or not at all.
      if (t.since(1, 1)) { assert.equal(theirs, 'client namespace disconnect'); }
      assert.deepEqual(await reason((s) => s.emit('bye', false)), ['io server disconnect', 'server namespace disconnect']);
      const [here, there] = await reason((s) => s.io.engine.close());
      assert.equal(here, 'forced close');
      assert.equal(there, 'transport close');
      const [closedHere, closedThere] = await reason((s) => s.emit('bye', true));
      assert.ok(['io server disconnect', 'transport close'].includes(closedHere), closedHere);
      assert.equal(closedThere, 'server namespace disconnect');
    },
  },
  {
    name: 'kick and leave by the server',
    async run(t) {
      const [a, b] = [await t.connect(), await t.connect()];
      await t.ask(a, 'join', t.own('out'));
      await t.ask(b, 'join', t.own('out'));
      await t.ask(b, 'sockets-leave', t.own('out'));
      assert.equal((await t.ask(a, 'who'))[0].rooms.includes(t.own('out')), false);
      await t.ask(a, 'join', t.own('out'));
      const gone = t.event(a, 'disconnect');
      b.emit('kick', t.own('out'), false);
      assert.deepEqual((await gone)[0], 'io server disconnect');
      assert.equal(b.connected, true);
    },
  },
  {
    name: 'upgrade under load',
    only: (t) => t.transport === 'upgrade',
    async run(t) {
      const s = t.socket();
      const numbers = t.events(s, 'm', 500);
      const echoes = t.events(s, 'message-back', 300);
      s.emit('many', 500); // leaves with the first poll
      for (let i = 0; i < 300; i++) {
        s.emit('message', i);
        if (i % 20 === 0) { await pause(1); }
      }
      assert.deepEqual((await numbers).flat(), [...Array(500).keys()]);
      assert.deepEqual((await echoes).flat(), [...Array(300).keys()]);
      for (let i = 0; t.carrier(s) !== 'websocket' && i < 100; i++) { await pause(20); }
      assert.equal(t.carrier(s), 'websocket');
      assert.equal((await t.ask(s, 'who'))[0].transport, 'websocket');
    },
  },
  {
    name: 'state recovery',
    attempts: 3, // the heartbeat is that quick here too
    only: (t) => t.since(4, 6),
    async run(t) {
      const s = await t.connect({ mount: '/recovery', reconnection: true, reconnectionDelay: 200, reconnectionDelayMax: 200, randomizationFactor: 0 });
      const other = await t.connect({ mount: '/recovery' });
      await t.ask(s, 'join', t.own('kept'));
      const first = t.event(s, 'news');
      await t.ask(other, 'bcast', t.own('kept'), null, ['news', 1]);
      await first;
      const id = s.id;
      const gone = t.event(s, 'disconnect');
      s.io.engine.close();
      await gone;
      const missed = t.event(s, 'news');
      await t.ask(other, 'bcast', t.own('kept'), null, ['news', 2]);
      assert.equal((await missed)[0], 2);
      if (!s.connected) { await t.event(s, 'connect'); }
      assert.equal(s.recovered, true);
      assert.equal(s.id, id);
      const [me] = await t.ask(s, 'who');
      assert.deepEqual(me.rooms.sort(), [id, t.own('kept')].sort());
    },
  },
];
