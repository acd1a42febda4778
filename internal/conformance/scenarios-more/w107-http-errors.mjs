// Rules: RS-13, SU-30.
export default {
  title: 'Errors over plain HTTP: what is thrown, what is said, whom it is said to',
  async run(t) {
    for (const accept of [undefined, '*/*', 'application/json', 'text/html', 'text/plain']) {
      for (const path of ['/res/throw', '/res/error-error', '/res/error-string', '/res/error', '/res/error-tojson', '/res/async-throw', '/res/async-throw?json=1', '/res/bad', '/res/bad-string', '/policy/failing', '/policy/closed', '/policy/chaindeny', '/no/such/route']) {
        await t.http('GET', path, { headers: accept ? { accept } : {}, label: `${path} for ${accept}` });
      }
    }
    for (const event of ['connect', 'newListener', 'disconnecting']) { await t.http('POST', '/sock/broadcast', { json: { room: 'x', event, data: 1 } }); }
  },
};
