'use strict';
// An application with what an export cannot carry over, or not as it is.
module.exports = {
  appName: 'odd',
  session: { secret: 'a-secret-of-the-odd-application' },
  datastores: { default: { adapter: 'sails-disk', inMemoryOnly: true }, archive: { adapter: 'sails-disk', inMemoryOnly: true } },
  models: {
    schema: true,
    migrate: 'safe',
    archiveModelIdentity: false,
    dataEncryptionKeys: { default: 'kAxGhxl9JpfnsbwCDJzfX6tFvXJ4mVTCcRzXv8SqfM8=' },
    attributes: { id: { type: 'number', autoIncrement: true } },
  },
  blueprints: { rest: true, shortcuts: false, actions: true, parseBlueprintOptions: (req) => ({ limit: 1, req }) },
  sockets: { beforeConnect: (handshake, proceed) => proceed(undefined, true) },
  http: { trustProxy: 1, middleware: { order: ['cookieParser', 'session', 'guard', 'bodyParser', 'compress', 'router', 'www'], guard: (req, res, next) => next() } },
};
