'use strict';
// Everything except routes and policies. Driven by environment variables so
// that one program serves every variant of the conformance suite.
const env = process.env;
const list = (s) => String(s).split(',').map((x) => x.trim()).filter(Boolean);

const sockets = {
  transports: env.CONF_TRANSPORTS ? list(env.CONF_TRANSPORTS) : ['polling', 'websocket'],
};
if (env.CONF_ORIGINS) { sockets.onlyAllowOrigins = list(env.CONF_ORIGINS); }
if (env.CONF_BEFORE_CONNECT) {
  sockets.beforeConnect = (handshake, proceed) => {
    const mode = /[?&]gate=([a-z]+)/.exec(handshake.url || '');
    if (mode && mode[1] === 'deny') { return proceed(undefined, false); }
    if (mode && mode[1] === 'error') { return proceed('gate closed', false); }
    if (mode && mode[1] === 'throw') { throw new Error('gate exploded'); }
    return proceed(undefined, true);
  };
}
if (env.SOCKETS_REDIS) { Object.assign(sockets, { adapter: '@sailshq/socket.io-redis', url: env.SOCKETS_REDIS }); }
if (env.CONF_NO_STATUS) { sockets.sendStatusCode = false; }
if (env.CONF_NO_GETCOOKIE) { sockets.grant3rdPartyCookie = false; }
sockets.afterDisconnect = (session, socket, done) => {
  global.confDisconnects = (global.confDisconnects || 0) + 1;
  return done();
};

const blueprints = {
  actions: false,
  rest: true,
  shortcuts: true,
  autoWatch: env.CONF_NO_AUTOWATCH ? false : true,
};
if (env.CONF_MIRROR) { blueprints.mirror = true; }
if (env.CONF_PREFIX) { blueprints.prefix = env.CONF_PREFIX; }
if (env.CONF_REST_PREFIX) { blueprints.restPrefix = env.CONF_REST_PREFIX; }
if (env.CONF_PLURALIZE) { blueprints.pluralize = true; }

module.exports = {
  log: { level: env.CONF_VERBOSE ? 'verbose' : 'silent' },
  appName: 'conformance',
  session: Object.assign({ secret: 'conformance-secret-conformance-secret' },
    env.SESSION_REDIS ? { adapter: '@sailshq/connect-redis', url: env.SESSION_REDIS } : {}),
  datastores: { default: { adapter: 'sails-disk', inMemoryOnly: true } },
  models: {
    schema: true,
    migrate: 'safe',
    archiveModelIdentity: false,
    dataEncryptionKeys: { default: 'kAxGhxl9JpfnsbwCDJzfX6tFvXJ4mVTCcRzXv8SqfM8=' },
    attributes: {
      createdAt: { type: 'number', autoCreatedAt: true },
      updatedAt: { type: 'number', autoUpdatedAt: true },
      id: { type: 'number', autoIncrement: true },
    },
  },
  blueprints,
  security: {
    csrf: env.CONF_CSRF ? true : false,
    cors: env.CONF_CORS
      ? { allRoutes: true, allowOrigins: list(env.CONF_CORS), allowCredentials: true, allowRequestMethods: 'GET,POST,PUT,PATCH,DELETE,OPTIONS', allowRequestHeaders: 'content-type,x-custom' }
      : { allRoutes: false },
  },
  sockets,
  globals: { _: false, async: false, models: false, sails: true },
};
