export default {
  title: 'Urls that are cleaned or refused before they are routed',
  async run(t) {
    const a = await t.socket('a');
    for (const url of ['/res//true', '/./res/true', '/x/../res/true', '//res/true', '//elsewhere.example/res/true', 'http://elsewhere.example/res/true', 'HTTP://Elsewhere.Example/res/true', 'http://elsewhere.example']) { await a.get(url); }
    await a.get('/res/slow?ms=1&tag=a#fragment');
    await a.get(' /res/slow?ms=1&tag=b ');
  },
};
