// Rules: RS-13, RS-9.
export default {
  title: 'Status codes, headers, redirects, streams over plain HTTP',
  async run(t) {
    for (const c of [200, 201, 299, 400, 404, 418, 500, 503]) { await t.http('GET', '/res/status/' + c); }
    for (const c of [200, 201, 202, 204, 299, 304, 403, 404, 500]) { await t.http('GET', '/res/sendstatus/' + c); }
    for (const k of ['headers', 'set-cookie', 'redirect', 'redirect-301', 'redirect-abs', 'status-201', 'status-204', 'status-string', 'end', 'stream', 'double']) { await t.http('GET', '/res/' + k); }
    await t.http('GET', '/go/redirect');
    await t.http('GET', '/go/response');
    await t.http('GET', '/res/slow?ms=20&tag=x');
  },
};
