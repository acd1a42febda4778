// The records of the bench server on the original Sails, in production mode and
// without sessions. DATABASE is the address of a PostgreSQL, or a folder in which
// sails-disk keeps them.
'use strict';

process.chdir(__dirname);
process.env.NODE_ENV = 'production';
const { Client } = require('pg');
const Sails = require('sails').Sails;

const port = Number(process.env.PORT);
const database = process.env.DATABASE;
const postgres = database.startsWith('postgres://');

// Sails migrates nothing in production.
async function makeTable() {
  const client = new Client({ connectionString: database });
  await client.connect();
  await client.query('CREATE TABLE IF NOT EXISTS widget (id SERIAL PRIMARY KEY, name TEXT, size REAL)');
  await client.end();
}

const config = {
  port,
  explicitHost: '127.0.0.1',
  appPath: __dirname,
  environment: 'production',
  log: { level: 'silent' },
  hooks: { grunt: false, i18n: false, views: false, session: false },
  globals: { _: false, async: false, models: false, sails: false },
  blueprints: { actions: false, shortcuts: false, rest: true, autoWatch: true },
  datastores: {
    default: postgres ? { adapter: 'sails-postgresql', url: database } : { adapter: 'sails-disk', dir: database },
  },
  models: { migrate: 'safe', archiveModelIdentity: false, primaryKey: 'id', schema: true },
  orm: {
    moduleDefinitions: {
      models: {
        widget: {
          attributes: {
            id: { type: 'number', autoIncrement: true },
            name: { type: 'string' },
            size: { type: 'number' },
          },
        },
      },
    },
  },
  sockets: {
    transports: ['polling', 'websocket'],
    onlyAllowOrigins: ['http://127.0.0.1:' + port],
  },
};

(postgres ? makeTable() : Promise.resolve()).then(() => {
  Sails().lift(config, (err) => {
    if (err) {
      console.error(err);
      process.exit(1);
    }
    console.log('listening');
  });
}).catch((err) => {
  console.error(err);
  process.exit(1);
});
process.on('SIGTERM', () => process.exit(0));
