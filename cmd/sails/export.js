'use strict';
// Loads a Sails application (without listening, migrating or running its bootstrap)
// and writes what of it is data to a file, as a manifest. Run by `sails export`:
//
//   cat export.js export_models.js | node - APP_FOLDER OUTPUT_FILE
//
// What is code is named in the manifest's "report" and "unported" lists. The models are
// the business of export_models.js, which is read behind this file.
const path = require('path');
const fs = require('fs');

const dir = path.resolve(process.argv[2]);
const output = process.argv[3];
process.chdir(dir);

const report = [];
const note = (where, what, act) => { report.push(act ? { where, what, do: act } : { where, what }); };
const fail = (message) => { process.stderr.write(message + '\n'); process.exit(1); };
const isFunction = (v) => typeof v === 'function';
const isObject = (v) => v !== null && typeof v === 'object' && !Array.isArray(v);
const list = (v) => (v === undefined || v === null || v === '' ? [] : Array.isArray(v) ? v : isFunction(v) ? [v] : String(v).split(',').map((x) => x.trim()).filter(Boolean));

// Members that are undefined, empty or equal to a default stay out of the manifest.
function tidy(object, defaults = {}) {
  const out = {};
  for (const key of Object.keys(object)) {
    const v = object[key];
    if (v === undefined || v === '' || v === defaults[key]) { continue; }
    if (Array.isArray(v) && v.length === 0 && defaults[key] !== null) { continue; }
    if (isObject(v) && Object.keys(v).length === 0 && defaults[key] !== null) { continue; }
    out[key] = v;
  }
  return out;
}

function packageOf(name) {
  for (let at of [dir]) {
    try { return JSON.parse(fs.readFileSync(path.join(at, 'node_modules', name, 'package.json'), 'utf8')).version; } catch (e) { /* not there */ }
  }
  return undefined;
}

// --- routes and policies ----------------------------------------------------

function actionName(name) { return String(name).replace('Controller', '').replace(/\./g, '/').toLowerCase(); }

function cors(given) {
  if (given === true) { return {}; }
  if (typeof given === 'string') { return { allowOrigins: list(given) }; }
  return tidy({
    allRoutes: given.allRoutes === true ? true : undefined,
    allowOrigins: given.allowOrigins === '*' ? undefined : list(given.allowOrigins),
    allowCredentials: given.allowCredentials === true ? true : undefined,
    allowAnyOriginWithCredentialsUnsafe: given.allowAnyOriginWithCredentialsUnsafe === true ? true : undefined,
    allowRequestMethods: given.allowRequestMethods === 'GET,HEAD,PUT,PATCH,POST,DELETE' ? undefined : list(given.allowRequestMethods),
    allowRequestHeaders: given.allowRequestHeaders === 'content-type' ? undefined : list(given.allowRequestHeaders),
    allowResponseHeaders: list(given.allowResponseHeaders),
  });
}

function exportRoute(address, target) {
  const out = { address };
  const was = (what) => { out.was = what; note('routes', `${address} was ${what}`, 'give it an action in Go, or leave it to the old application'); return out; };
  const policies = [];
  let rest = target;
  if (Array.isArray(target)) {
    const steps = target.filter((step) => {
      if (isObject(step) && Object.keys(step).length === 1 && step.policy !== undefined) { policies.push(...list(step.policy)); return false; }
      return true;
    });
    if (steps.length !== 1) { return was('a list of handlers'); }
    rest = steps[0];
  }
  if (typeof rest === 'string') {
    rest = /^(\/|https?:\/\/)/.test(rest) ? { redirect: rest } : { action: rest };
  }
  if (isFunction(rest)) { return was('a function'); }
  if (!isObject(rest)) { return was('of a kind the export does not know'); }
  if (rest.policy !== undefined) { policies.push(...list(rest.policy)); }
  const named = policies.filter((p) => typeof p === 'string');
  if (named.length !== policies.length) { named.push('inline:' + address); note('routes', `${address} has a policy that is a function`, 'give it a name'); }
  if (named.length > 0) { out.policies = named; }
  if (typeof rest.csrf === 'boolean') { out.csrf = rest.csrf; }
  if (typeof rest.skipAssets === 'boolean') { out.skipAssets = rest.skipAssets; }
  if (rest.cors === false) { out.noCors = true; } else if (rest.cors) { out.cors = cors(rest.cors); }
  if (rest.skipRegex) { note('routes', `${address} has skipRegex, which is ignored`); }
  for (const option of ['parseBlueprintOptions', 'alias', 'model', 'populate', 'mirror']) {
    if (rest[option] !== undefined) { note('routes', `${address} has the blueprint option ${option}, which is ignored`); }
  }
  if (rest.redirect) { out.redirect = rest.redirect; return out; }
  if (rest.view) { return was('view ' + rest.view); }
  if (rest.response) { return was('response ' + rest.response); }
  if (rest.fn || isFunction(rest.action)) { return was('a function'); }
  if (rest.target) { out.action = actionName(rest.target); return out; }
  if (rest.controller && rest.action) { out.action = actionName(rest.controller + '/' + rest.action); return out; }
  if (typeof rest.action === 'string') { out.action = actionName(rest.action); return out; }
  if (rest.blueprint) { return was('blueprint ' + rest.blueprint); }
  return was('of a kind the export does not know');
}

function policyList(target, given) {
  return (Array.isArray(given) ? given : [given]).map((p) => {
    if (p === true || p === false) { return String(p); }
    if (typeof p === 'string') { return p; }
    note('policies', `${target} has a policy that is a function`, 'give it a name; until then its actions answer 403');
    return 'inline:' + target;
  });
}

function exportPolicies(config) {
  const out = {};
  for (const key of Object.keys(config || {})) {
    const value = config[key];
    if (key === 'moduleDefinitions') { continue; }
    if (isObject(value)) {
      for (const name of Object.keys(value)) { out[actionName(key + '/' + name)] = policyList(key + '/' + name, value[name]); }
      continue;
    }
    out[actionName(key)] = policyList(key, value);
  }
  const names = [...new Set([].concat(...Object.values(out)))].filter((name) => name !== 'true' && name !== 'false');
  for (const name of names) { note('policies.' + name, 'it is a function', 'write it in Go (Options.Policies); until then the actions it guards answer 403'); }
  return out;
}

// --- the rest of the configuration ------------------------------------------

function exportDatastore(config) {
  const connections = config.connections || {}; // of Sails 0.12
  const given = (config.datastores && config.datastores.default) || connections[(config.models || {}).connection] || {};
  const adapter = typeof given.adapter === 'string' ? given.adapter : given.adapter ? given.adapter.identity : 'sails-disk';
  switch (adapter) {
    case 'sails-postgresql': note('datastores.default', 'its address is not exported', 'set DATABASE_URL'); return { adapter: 'postgres' };
    case 'sails-mysql': note('datastores.default', 'its address is not exported', 'set DATABASE_URL'); return { adapter: 'mysql' };
    case 'sails-memory': return { path: ':memory:' };
    case 'sails-disk':
      note('datastores.default', 'records of sails-disk are not copied; an embedded SQLite database takes its place');
      return given.inMemoryOnly ? { path: ':memory:' } : {};
    default:
      note('datastores.default', `the adapter ${adapter} has no counterpart; an embedded SQLite database takes its place`);
      return {};
  }
}

function exportBlueprints(config, identities, defaultParse) {
  const out = tidy({
    actions: config.actions === true, shortcuts: config.shortcuts === true, rest: config.rest === true,
    prefix: config.prefix, restPrefix: config.restPrefix, pluralize: config.pluralize === true, autoWatch: config.autoWatch !== false, mirror: config.mirror === true,
  }, { actions: false, shortcuts: false, rest: false, pluralize: false, autoWatch: true, mirror: false });
  if (isFunction(config.parseBlueprintOptions) && String(config.parseBlueprintOptions) !== String(defaultParse)) { // Sails hands out a copy
    out.unported = ['parseBlueprintOptions'];
    note('blueprints', 'parseBlueprintOptions is a function', 'write it in Go; until then all blueprint actions are closed');
  }
  out.expose = {};
  for (const identity of identities) {
    const own = (config._controllers || {})[identity] || {};
    out.expose[identity] = tidy({ shortcuts: own.shortcuts === false ? false : undefined, rest: own.rest === false ? false : undefined });
  }
  if ((out.rest || out.shortcuts) && identities.length > 0) {
    note('blueprints', `every client may read and change every record of ${identities.length} models, as before`, 'narrow blueprints.expose to what clients need');
  }
  if (out.shortcuts) { note('blueprints', 'shortcut routes, which change records by GET, are for development only here', 'see blueprints.productionShortcuts'); }
  return out;
}

function exportSockets(config) {
  const out = tidy({
    path: config.path, transports: list(config.transports), pingInterval: config.pingInterval, pingTimeout: config.pingTimeout,
    maxHttpBufferSize: config.maxHttpBufferSize, onlyAllowOrigins: config.onlyAllowOrigins,
    sendStatusCode: config.sendStatusCode, sendResponseHeaders: config.sendResponseHeaders, grant3rdPartyCookie: config.grant3rdPartyCookie,
  }, { path: '/socket.io', pingInterval: 25000, pingTimeout: 60000, maxHttpBufferSize: 1e8, sendStatusCode: true, sendResponseHeaders: true, grant3rdPartyCookie: true });
  if (out.transports && out.transports.join() === 'websocket') { delete out.transports; }
  const hooks = ['beforeConnect', 'afterDisconnect', 'onConnect', 'onDisconnect'].filter((name) => isFunction(config[name]));
  for (const name of hooks) {
    note('sockets.' + name, 'it is a function', name === 'beforeConnect' ? 'write it in Go (Options.BeforeConnect); until then nothing starts' : 'write it in Go, with sailsio.Config, if it is needed');
  }
  if (hooks.length > 0) { out.unported = hooks; }
  if (config.adapter && config.adapter !== 'memory') { note('sockets.adapter', `servers were joined by ${config.adapter}`, 'use package socketio/redisadapter in a Go program'); }
  return out;
}

function exportSession(config, disabled) {
  if (disabled) { return { disabled: true }; }
  const cookie = config.cookie || {};
  const out = tidy({
    name: config.name || config.key, rolling: config.rolling === true, saveUninitialized: config.saveUninitialized !== false,
    cookie: tidy({
      path: cookie.path, domain: cookie.domain, maxAge: typeof cookie.maxAge === 'number' ? cookie.maxAge : undefined, secure: cookie.secure === true,
      httpOnly: cookie.httpOnly === false ? false : undefined, sameSite: cookie.sameSite === true ? 'strict' : cookie.sameSite || undefined,
    }, { path: '/', secure: false }),
  }, { name: 'sails.sid', rolling: false, saveUninitialized: true });
  note('session.secret', 'secrets are not exported', 'set SAILS_SESSION_SECRET to the secret of config/session.js, and cookies stay valid');
  const adapter = config.adapter || 'memory';
  if (/connect-redis/.test(adapter)) {
    out.store = 'redis';
    if (config.prefix && config.prefix !== 'sess:') { out.prefix = config.prefix; }
    note('session.adapter', 'the address of Redis is not exported', 'set REDIS_URL');
  } else if (adapter !== 'memory') {
    note('session.adapter', `the store ${adapter} has no counterpart; sessions are kept in memory`);
  }
  return out;
}

function exportProxies(given) {
  if (!given) { return []; }
  if (typeof given === 'string' || Array.isArray(given)) { return list(given); }
  note('http.trustProxy', 'it trusts proxies by number, function or all of them', 'list their addresses in trustProxies');
  return [];
}

const coreHooks = ['moduleloader', 'controllers', 'logger', 'request', 'views', 'blueprints', 'responses', 'helpers', 'pubsub', 'policies', 'services', 'security',
  'cors', 'csrf', 'userconfig', 'session', 'http', 'userhooks', 'orm', 'sockets', 'grunt', 'i18n', 'organics', 'apianalytics', 'flash', 'uploads'];

function noteCode(sails) {
  const folder = (name) => { try { return fs.readdirSync(path.join(dir, name)).filter((f) => /\.(js|ts|ejs|pug|html)$/.test(f) || !f.includes('.')); } catch (e) { return []; } };
  const own = Object.keys(sails.hooks).filter((name) => !coreHooks.includes(name));
  if (own.length > 0) { note('hooks', `the hooks ${own.join(', ')} are code; their routes are not exported`); }
  for (const [name, what] of [['api/responses', 'custom responses'], ['api/helpers', 'helpers'], ['api/services', 'services'], ['views', 'views']]) {
    const found = folder(name);
    if (found.length > 0) { note(name, `${found.length} ${what} are code`); }
  }
  if (fs.existsSync(path.join(dir, 'config', 'bootstrap.js'))) { note('bootstrap', 'config/bootstrap.js is code; the export did not run it'); }
  const standard = ['cookieParser', 'session', 'bodyParser', 'compress', 'poweredBy', 'router', 'www', 'favicon', '$custom', 'startRequestTimer', 'handleBodyParserError', 'methodOverride', '404', '500'];
  const order = ((sails.config.http || {}).middleware || {}).order || [];
  const middleware = order.filter((name) => !standard.includes(name));
  if (middleware.length > 0) { note('http.middleware', `the middleware ${middleware.join(', ')} is code`, 'write it in Go if it guards anything'); }
}

// --- main -------------------------------------------------------------------

let Sails, rc;
try {
  const main = require.resolve('sails', { paths: [dir] });
  Sails = require(main).Sails;
  const root = path.dirname(main).replace(/[\\/]lib([\\/]app)?$/, '');
  try { rc = require(path.join(root, 'accessible', 'rc'))('sails'); } catch (e) { rc = {}; }
} catch (e) {
  fail(`no Sails in ${dir}: ${e.message}\nrun "npm install" there first`);
}

const sails = new Sails();
const overrides = Object.assign({}, rc, {
  appPath: dir,
  hooks: Object.assign({}, rc.hooks, { grunt: false }),
  models: Object.assign({}, rc.models, { migrate: 'safe' }), // looking at an application must not change its tables
  bootstrap: (done) => done(),
  log: { level: 'error' },
});
sails.load(overrides, (err) => {
  if (err) { fail('the application does not load: ' + (err.stack || err)); }
  let manifest;
  try {
    const config = sails.config;
    const old = /^0\./.test(String(sails.version));
    const identities = Object.keys(sails.models || {}).filter((identity) => identity !== 'archive' && sails.models[identity].junctionTable !== true);
    const actions = old ? {} : sails.getActions();
    const own = old ? actions012(sails.controllers) : Object.keys(actions).filter((name) => !/^BLUEPRINT/.test(actions[name]._middlewareType || '') && !/^security\//.test(name));
    if (own.length > 0) { note('actions', `${own.length} actions are code`, 'write them in Go one by one (sails generate makes the frame), or run the old application behind --upstream'); }
    manifest = tidy({
      version: 1,
      name: config.appName || (() => { try { return JSON.parse(fs.readFileSync('package.json', 'utf8')).name; } catch (e) { return undefined; } })(),
      exportedFrom: tidy({ sails: sails.version, sockets: packageOf('sails-hook-sockets'), orm: packageOf('sails-hook-orm'), node: process.version }),
      datastore: exportDatastore(config),
      models: identities.map((identity) => exportModel(identity, old ? modern(identity, sails.models[identity]) : sails.models[identity])),
      blueprints: sails.hooks.blueprints ? exportBlueprints(config.blueprints || {}, identities, ((sails.hooks.blueprints.defaults || {}).blueprints || {}).parseBlueprintOptions) : {},
      routes: Object.keys(config.routes || {}).map((address) => exportRoute(address, config.routes[address])),
      actions: own.map(actionName).sort(),
      policies: exportPolicies(config.policies),
      sockets: exportSockets(config.sockets || {}),
      session: exportSession(config.session || {}, !sails.hooks.session),
      cors: cors(old ? cors012(config.cors || {}) : (config.security || {}).cors || {}),
      csrf: (config.security || {}).csrf === true || (old && config.csrf && (config.csrf === true || config.csrf.protectionEnabled === true)) ? true : undefined,
      trustProxies: exportProxies((config.http || {}).trustProxy),
      poweredBy: (((config.http || {}).middleware || {}).order || []).includes('poweredBy') ? `Sails <sailsjs.${old ? 'org' : 'com'}>` : undefined,
    });
    noteCode(sails);
    if (old) { note('sockets', 'Sails 0.12 lets pages of every origin connect; here only those of the server itself', 'list others in sockets.onlyAllowOrigins'); }
    if (old) { manifest.sails012 = { autosubscribe: contexts012(sails.models) }; }
    manifest.report = report;
    fs.writeFileSync(output, JSON.stringify(manifest, null, 2));
  } catch (e) {
    fail('the application cannot be described: ' + (e.stack || e));
  }
  sails.lower(() => process.exit(0));
});
