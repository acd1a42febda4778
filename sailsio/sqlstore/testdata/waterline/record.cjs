// Records what the original Waterline answers, for TestWaterline:
//
//   mkdir /tmp/waterline && cd /tmp/waterline
//   npm install waterline@0.15.2 sails-disk@2.1.2 sails-postgresql@5.0.1 sails-mysql@3.0.1 waterline-utils@1.4.5
//   NODE_PATH=/tmp/waterline/node_modules POSTGRES=postgres://… MYSQL=mysql://… node record.cjs
//
// It writes answers.json beside itself. The databases must be empty and are used up.
'use strict';
const fs = require('fs');
const os = require('os');
const path = require('path');
const { promisify } = require('util');
const Waterline = require('waterline');
const { autoMigrations } = require('waterline-utils');
const { people, things, tags } = require('./records.json');

const number = { type: 'number', autoMigrations: { columnType: 'double precision' } };

function models(adapter) {
  const text = { autoMigrations: { columnType: adapter === 'sails-mysql' ? 'longtext character set utf8mb4 collate utf8mb4_nopad_bin' : 'text' } };
  const json = { autoMigrations: { columnType: adapter === 'sails-mysql' ? 'longtext character set utf8mb4 collate utf8mb4_nopad_bin' : 'json' } };
  const bool = { autoMigrations: { columnType: 'boolean' } };
  const id = { type: 'number', autoMigrations: { autoIncrement: true, columnType: '_numberkey' } };
  const def = (identity, attributes) => ({ identity, tableName: identity, primaryKey: 'id', schema: true, fetchRecordsOnCreate: true, datastore: 'default', attributes });
  return {
    person: def('person', {
      id, name: { type: 'string', ...text },
      things: { collection: 'thing', via: 'owner' },
    }),
    thing: def('thing', {
      id,
      name: { type: 'string', ...text },
      note: { type: 'string', allowNull: true, ...text },
      num: { ...number },
      numn: { ...number, allowNull: true },
      big: { ...number },
      flag: { type: 'boolean', ...bool },
      doc: { type: 'json', ...json },
      owner: { model: 'person', autoMigrations: { columnType: '_numberkey' } },
      tags: { collection: 'tag', via: 'things' },
    }),
    tag: def('tag', {
      id, label: { type: 'string', ...text },
      things: { collection: 'thing', via: 'tags' },
    }),
  };
}

const copy = (v) => JSON.parse(JSON.stringify(v)); // Waterline writes into what it gets

// shape keeps what a case is about: keys, and whole records where something is selected.
function shape(found, criteria, populate) {
  if (Array.isArray(found)) return found.map((r) => shape(r, criteria, populate));
  if (!found) return null;
  const chosen = (c) => c && (c.select || c.omit);
  if (!populate) return chosen(criteria) ? found : found.id;
  const out = chosen(criteria) ? { ...found } : { id: found.id };
  for (const [alias, sub] of Object.entries(populate)) {
    const v = found[alias];
    out[alias] = Array.isArray(v) && !chosen(sub) ? v.map((r) => r.id) : v && !chosen(sub) && v.id ? v.id : v;
  }
  return out;
}

async function record(adapter, url) {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'waterline'));
  const datastore = adapter === 'sails-disk' ? { adapter, dir } : { adapter, url, ...(adapter === 'sails-mysql' && { charset: 'utf8mb4' }) };
  const orm = await promisify(Waterline.start)({
    adapters: { [adapter]: require(adapter) },
    datastores: { default: datastore },
    models: models(adapter),
  });
  for (const collection of Object.values(orm.collections)) { // as the ORM hook of Sails does
    if (collection.junctionTable) for (const a of Object.values(collection.schema)) if (a.autoMigrations) a.autoMigrations.columnType = '_numberkey';
  }
  await promisify(autoMigrations)('drop', orm);
  const M = (name) => Waterline.getModel(name, orm);
  await M('person').createEach(people);
  await M('tag').createEach(tags);
  for (const { tags: list, ...values } of things) {
    await M('thing').create(values);
    if (list && list.length) await M('thing').addToCollection(values.id, 'tags', list);
  }
  const answers = [];
  for (const c of JSON.parse(fs.readFileSync(path.join(__dirname, 'cases.json')))) {
    let answer;
    try {
      let q = c.attribute ? M(c.model)[c.method](c.attribute, copy(c.criteria)) : M(c.model)[c.method](copy(c.criteria));
      for (const [alias, sub] of Object.entries(c.populate || {})) q = sub === null ? q.populate(alias) : q.populate(alias, copy(sub));
      answer = await q;
      if (c.method.startsWith('find')) answer = shape(answer, c.criteria, c.populate);
    } catch (err) {
      answer = { error: err.code || err.name, text: process.env.TEXTS ? err.message : undefined };
    }
    answers.push(answer);
  }
  await promisify(Waterline.stop)(orm);
  fs.rmSync(dir, { recursive: true, force: true });
  return answers;
}

(async () => {
  const all = {
    sqlite: await record('sails-disk'),
    postgres: await record('sails-postgresql', process.env.POSTGRES),
    mysql: await record('sails-mysql', process.env.MYSQL),
  };
  fs.writeFileSync(path.join(__dirname, 'answers.json'), '{' + Object.entries(all).map(([name, list]) =>
    JSON.stringify(name) + ': [\n' + list.map((a) => JSON.stringify(a === undefined ? null : a)).join(',\n') + '\n]').join(',\n') + '}\n');
  process.exit(0);
})().catch((err) => { console.error(err); process.exit(1); });
