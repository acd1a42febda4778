// Rules: CN-32, SE-5, SE-6, SEC-77.
export default {
  title: 'Handshakes with stale, forged, foreign and several cookies',
  async run(t) {
    const jar = t.jar();
    await t.http('POST', '/session/login', { jar, json: { userId: 4 } });
    const good = jar.header();
    const [name, value] = good.split('=');
    const forged = `${name}=${value.slice(0, -2)}AA`;
    const raw = `${name}=${decodeURIComponent(value)}`;
    const cases = { good, raw, quoted: `${name}="${value}"`, others: `a=1; b=2; ${good}; c=3`, path: `${good}; Path=/; HttpOnly`, spaces: `  ${good} ;x=1`, twice: `${good}; ${forged}`, forged, forgedFirst: `${forged}; ${good}`, other: 'a=1', empty: `${name}=`, unsigned: `${name}=abc`, junk: ';;;==;', upper: good.replace('sails.sid', 'SAILS.SID') };
    for (const k of Object.keys(cases)) {
      const s = await t.socket(k, { handshake: { cookie: cases[k] } });
      await s.get('/session/get');
      await s.get('/session/id');
      await t.http('GET', '/session/get', { headers: { cookie: cases[k] }, label: 'HTTP ' + k });
      s.disconnect();
    }
  },
};
