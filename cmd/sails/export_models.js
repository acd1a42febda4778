// The models part of export.js.

// --- models -----------------------------------------------------------------

const rules = ['isBoolean', 'isNumber', 'isString', 'isInteger', 'isNotEmptyString', 'isCreditCard', 'isEmail', 'isHexColor',
  'isIP', 'isURL', 'isUUID', 'isIn', 'isNotIn', 'min', 'max', 'minLength', 'maxLength'];
const callbacks = ['beforeCreate', 'afterCreate', 'beforeUpdate', 'afterUpdate', 'beforeDestroy', 'afterDestroy'];

function validations(identity, name, given, unported) {
  const out = {};
  for (const rule of Object.keys(given || {})) {
    const value = given[rule];
    if (value === undefined || value === false) { continue; }
    if (rule === 'regex') { out.regex = value.source; if (value.flags) { out.regexFlags = value.flags; } continue; }
    if (rule === 'isAfter' || rule === 'isBefore') { out[rule] = new Date(value).toISOString(); continue; }
    if (rules.includes(rule)) { out[rule] = value; continue; }
    if (!unported.includes('custom:' + name)) { unported.push('custom:' + name); }
    note(`models.${identity}.${name}`, rule === 'custom' ? 'its custom validation is a function' : `its validation ${rule} is unknown`,
      'write it in Go (Options.Models); until then create and update are closed');
  }
  return out;
}

function attribute(identity, name, a, column, primaryKey, unported) {
  const migrations = a.autoMigrations || {};
  const out = tidy({
    name, type: a.model || a.collection ? undefined : a.type, model: a.model, collection: a.collection, via: a.via, through: a.through,
    dominant: a.dominant === true ? true : undefined, columnName: column !== name ? column : undefined,
    description: typeof a.description === 'string' ? a.description : undefined,
    required: a.required === true ? true : undefined, allowNull: a.allowNull === true ? true : undefined,
    autoCreatedAt: a.autoCreatedAt === true ? true : undefined, autoUpdatedAt: a.autoUpdatedAt === true ? true : undefined,
    autoIncrement: migrations.autoIncrement === true ? true : undefined,
    unique: migrations.unique === true && name !== primaryKey ? true : undefined,
  });
  if (a.defaultsTo !== undefined) { out.defaultsTo = a.defaultsTo; }
  const v = validations(identity, name, a.validations, unported);
  if (Object.keys(v).length > 0) { out.validations = v; }
  if (a.encrypt) {
    out.encrypt = true;
    note(`models.${identity}.${name}`, 'it is encrypted, and the keys are not exported', 'set SAILS_DATA_ENCRYPTION_KEYS to default=KEY, the dataEncryptionKeys of config/models.js');
  }
  if (migrations.columnType && migrations.columnType[0] !== '_') {
    note(`models.${identity}.${name}`, `its column type ${migrations.columnType} is left to the database`, 'keep "migrate" at "safe" for a database that exists');
  }
  return out;
}

// sample makes a record with a value for each attribute, another one for each n.
function sample(model, n) {
  const record = {};
  for (const name of Object.keys(model.attributes)) {
    const a = model.attributes[name];
    const allowed = a.validations && a.validations.isIn;
    if (a.collection) { record[name] = []; } else if (a.model) { record[name] = n % 2 ? n : null; } else if (allowed) { record[name] = allowed[n % allowed.length]; } else if (a.type === 'string') { record[name] = n % 3 ? 'x' + n : ''; } else if (a.type === 'number') { record[name] = n % 4 ? n * 1000003 : 0; } else if (a.type === 'boolean') { record[name] = n % 2 === 0; } else { record[name] = n % 2 ? { n } : null; }
  }
  return record;
}

// serialiser works out which attributes a customToJSON leaves out. It answers
// undefined for one that does anything else, or not always the same.
function serialiser(model) {
  let hidden;
  for (let n = 0; n < 24; n++) {
    const given = sample(model, n);
    const record = Object.assign({}, given);
    let seen;
    try { seen = model.customToJSON.call(record); } catch (e) { return undefined; }
    if (!isObject(seen) || isFunction(seen.then)) { return undefined; }
    if (Object.keys(seen).some((key) => !(key in given) || seen[key] !== given[key])) { return undefined; }
    const missing = Object.keys(given).filter((key) => !(key in seen));
    if (hidden && hidden.join() !== missing.join()) { return undefined; }
    hidden = missing;
  }
  return hidden;
}

function exportModel(identity, model) {
  const unported = [];
  const out = tidy({
    identity, tableName: model.tableName !== identity ? model.tableName : undefined,
    primaryKey: model.primaryKey !== 'id' ? model.primaryKey : undefined,
    cascadeOnDestroy: model.cascadeOnDestroy === true ? true : undefined,
  });
  out.attributes = Object.keys(model.attributes).map((name) => {
    const column = model.schema && model.schema[name] && model.schema[name].columnName;
    return attribute(identity, name, model.attributes[name], column || name, model.primaryKey, unported);
  });
  if (model.hidden && model.hidden.length > 0) { out.hidden = model.hidden; }
  for (const name of callbacks) {
    if (!isFunction(model[name])) { continue; }
    unported.push(name);
    note(`models.${identity}`, `${name} is a function`, 'write it in Go (Options.Models); until then the action it belongs to is closed');
  }
  if (isFunction(model.customToJSON)) {
    const hidden = serialiser(model);
    if (hidden && !hidden.includes(model.primaryKey)) {
      if (hidden.length > 0) { out.hidden = hidden; }
      note(`models.${identity}`, hidden.length > 0 ? `customToJSON seems to do nothing but leave out ${hidden.join(', ')}` : 'customToJSON seems to change nothing', 'compare "hidden" with the function');
    } else {
      unported.push('customToJSON');
      note(`models.${identity}`, 'customToJSON is a function', 'write it in Go (Options.Models), or list "hidden" attributes and delete the entry; until then the model is closed');
    }
  }
  if (model.hasSchema === false) {
    note(`models.${identity}`, 'it has schema: false; attributes that are not declared are not stored', 'declare them, or put them in one of type json');
  }
  if (model.datastore && model.datastore !== 'default') {
    note(`models.${identity}`, `it lives in the datastore ${model.datastore}; here all models share one`);
  }
  if (unported.length > 0) { out.unported = unported; }
  return out;
}

// --- models of Sails 0.12 ---------------------------------------------------

const types012 = { text: 'string', mediumtext: 'string', longtext: 'string', objectid: 'string', email: 'string', integer: 'number', float: 'number', date: 'string', datetime: 'string', time: 'string', array: 'json', binary: 'ref' };
const rules012 = { email: 'isEmail', url: 'isURL', urlish: 'isURL', ip: 'isIP', uuid: 'isUUID', creditcard: 'isCreditCard', hexcolor: 'isHexColor', hexColor: 'isHexColor', notEmpty: 'isNotEmptyString', integer: 'isInteger', int: 'isInteger', in: 'isIn', enum: 'isIn', notIn: 'isNotIn', min: 'min', max: 'max', minLength: 'minLength', maxLength: 'maxLength', regex: 'regex', after: 'isAfter', before: 'isBefore' };
const words012 = ['type', 'model', 'collection', 'via', 'through', 'dominant', 'columnName', 'description', 'required', 'unique', 'primaryKey', 'autoIncrement', 'index', 'size', 'defaultsTo', 'default', 'protected', 'encrypt', 'meta'];

// modern describes a model of Sails 0.12 in the words of 1.x.
function modern(identity, model) {
  const out = { tableName: model.tableName || model.adapter && identity, primaryKey: model.primaryKey, hasSchema: model.hasSchema, attributes: {}, schema: {}, hidden: [] };
  const attributes = model._attributes || {};
  const methods = [];
  for (const name of Object.keys(attributes)) {
    const given = attributes[name];
    if (isFunction(given)) { methods.push(name); continue; }
    const a = typeof given === 'string' ? { type: given } : given;
    const to = { model: a.model, collection: a.collection, via: a.via, through: a.through, dominant: a.dominant, description: a.description, required: a.required, validations: {}, autoMigrations: { unique: a.unique === true, autoIncrement: a.autoIncrement === true } };
    if (!a.model && !a.collection) { to.type = types012[a.type] || a.type || 'string'; }
    if (a.type === 'email') { to.validations.isEmail = true; }
    if (a.type === 'integer' && !a.autoIncrement) { to.validations.isInteger = true; }
    if (a.type === 'binary') { note(`models.${identity}.${name}`, 'it is binary, which has no counterpart', 'keep it as text in base64'); }
    if (a.default === 'NOW' && name === 'createdAt') { to.autoCreatedAt = true; } else if (a.default === 'NOW' && name === 'updatedAt') { to.autoUpdatedAt = true; }
    if (isFunction(a.defaultsTo)) { note(`models.${identity}.${name}`, 'its defaultsTo is a function', 'set it in BeforeCreate, in Go'); } else if (a.defaultsTo !== undefined) { to.defaultsTo = a.defaultsTo; }
    if (a.protected === true) { out.hidden.push(name); }
    for (const rule of Object.keys(a)) {
      if (rules012[rule]) { to.validations[rules012[rule]] = a[rule]; } else if (!words012.includes(rule) && a[rule] !== false) { to.validations[rule] = a[rule]; }
    }
    out.attributes[name] = to;
    out.schema[name] = { columnName: a.columnName || name };
  }
  for (const name of callbacks.concat('beforeValidate', 'afterValidate')) {
    const list = (model._callbacks || {})[name];
    const own = Array.isArray(list) ? list.some((f) => !/^function\s*\w*\s*\(\w+,\s*(\w+)\)\s*\{\s*(return\s+)?\1\(\);?\s*\}$/.test(String(f))) : false;
    if (own) { out[name.replace('Validate', 'Create')] = out[name.replace('Validate', 'Update')] = () => {}; }
  }
  if (methods.includes('toJSON')) { out.customToJSON = () => undefined; } // never what it was given
  const rest = methods.filter((name) => name !== 'toJSON');
  if (rest.length > 0) { note(`models.${identity}`, `its instance methods ${rest.join(', ')} are code`); }
  return out;
}

// contexts012 are the contexts of models that do not have all of them.
function contexts012(models) {
  const out = {};
  for (const identity of Object.keys(models)) {
    const given = models[identity].autosubscribe;
    if (given === false) { out[identity] = []; } else if (Array.isArray(given)) { out[identity] = given; } else if (typeof given === 'string') { out[identity] = list(given); }
  }
  return out;
}

// actions012 are the actions of controllers.
function actions012(controllers) {
  const names = [];
  for (const identity of Object.keys(controllers || {})) {
    const controller = controllers[identity];
    for (const name of Object.keys(controller)) { if (isFunction(controller[name]) && name !== 'sails') { names.push(`${identity}/${name}`); } }
  }
  return names;
}

// cors012 is config/cors.js in the words of 1.x.
function cors012(given) {
  return { allRoutes: given.allRoutes, allowOrigins: given.origin, allowCredentials: given.credentials === true && given.origin !== '*', allowRequestMethods: given.methods, allowRequestHeaders: given.headers, allowResponseHeaders: given.exposeHeaders };
}
