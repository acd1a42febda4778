// Rules: VR-2, VR-9, SU-6.
export default {
  title: 'Answers to POST, PUT, PATCH and DELETE',
  async run(t) {
    const a = await t.socket('a');
    for (const k of ['string', 'nothing', 'null', 'object', 'bad-data', 'error', 'redirect', 'status-204', 'teapot', 'end', 'double', 'no-such-kind', 'buffer']) {
      for (const verb of ['post', 'put', 'patch', 'delete']) { await a[verb]('/res/' + k); }
    }
  },
};
