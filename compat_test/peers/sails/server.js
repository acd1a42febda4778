// The virtual requests of the bench server on the original Sails, in production
// mode. SESSIONS=1 turns sessions on (in memory, as Sails does by default).
'use strict';

process.chdir(__dirname);
process.env.NODE_ENV = 'production';
const Sails = require('sails').Sails;

const port = Number(process.env.PORT);
const sessions = process.env.SESSIONS === '1';
const app = new Sails();

const config = {
  port,
  explicitHost: '127.0.0.1',
  appPath: __dirname,
  environment: 'production',
  log: { level: 'silent' },
  hooks: { grunt: false, i18n: false, views: false, pubsub: false },
  globals: { _: false, async: false, models: false, sails: false },
  routes: { 'GET /echo': (req, res) => res.json(req.query) },
  sockets: {
    transports: ['polling', 'websocket'],
    onlyAllowOrigins: ['http://127.0.0.1:' + port],
    grant3rdPartyCookie: true,
  },
};
if (sessions) {
  // cookie.secure must be said in production, and the bench speaks plain HTTP.
  config.session = { secret: 'bench-secret-bench-secret', cookie: { secure: false } };
} else {
  config.hooks.session = false;
}

app.lift(config, (err) => {
  if (err) {
    console.error(err);
    process.exit(1);
  }
  console.log('listening');
});
process.on('SIGTERM', () => process.exit(0));
