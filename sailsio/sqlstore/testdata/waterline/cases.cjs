// Writes cases.json: every form of criteria Waterline documents, and forms it does
// not. The order is fixed; add new ones at the end of their group and record again.
'use strict';
const cases = [];
const add = (criteria, more) => cases.push({ model: 'thing', method: 'find', criteria, ...more });

const values = {
  name: ['apple', 'Apple', 'APPLE', '', 'zebra', 'zebra ', '100%', 'a_b', 'a*b', '[x]?', "O'Brien \"q\"", '😀 smile', 'äpfel', 5, true, null, ['apple', 'Apple'], [], [null], ['apple', null], { x: 1 }],
  note: ['', 'x', 'X', null, 'null', 'back\\slash', 'é', 'e\u0301', 'line\nbreak', 0, false, ['x', ''], [null]],
  num: [0, -1, 1.5, 1e21, '1e21', '10', ' 10', '', 0.1, 1e-7, true, false, null, 'abc', [10, 14], ['10', 14], { a: 1 }, 10.5],
  numn: [null, 0, 10, '10', -0.5, [null], [0, 10]],
  big: [9007199254740991, -9007199254740991, '9007199254740991', 9007199254740992, 1.5, 1e300, -1e300, 10],
  flag: [true, false, 'true', 'false', 1, 0, '1', '0', 'yes', 2, null, [true], [true, false]],
  doc: [null, 'text', 5, true, '', 0, false, '5', 'true', 'null', ['text', 5], [true]],
  owner: [1, '1', 2, 99, null, 'abc', 0, -1, 1.5, [1, 2], [1, null], ['1', 2]],
  id: [1, '1', 99, null, 'abc', 0, 1.5, [1, 2, 99], [], '01'],
};
for (const [name, list] of Object.entries(values)) {
  for (const v of list) add({ where: { [name]: v }, sort: 'id' });
  for (const op of ['!=', '<', '<=', '>', '>=']) for (const v of list) add({ where: { [name]: { [op]: v } }, sort: 'id' });
  for (const op of ['in', 'nin']) for (const v of [[], list.filter((x) => !Array.isArray(x) && x !== null && typeof x !== 'object').slice(0, 3), [null], 'apple', null]) add({ where: { [name]: { [op]: v } }, sort: 'id' });
}
const texts = ['a', 'A', 'apple', 'pp', '%', '_', '*', '?', '[', '!', '\\', "'", '"', ' ', '', '😀', 'ä', 'é', '\n', '100%', 'a_b', 'a%b', 'a*b', 'null', 5, true, null, ['a'], 'x]', 'e\u0301'];
for (const name of ['name', 'note']) for (const op of ['contains', 'startsWith', 'endsWith']) for (const v of texts) add({ where: { [name]: { [op]: v } }, sort: 'id' });
for (const name of ['name', 'note', 'doc']) {
  for (const v of ['a%', '%e', '%pp%', 'a_b', 'a\\_b', '%\\%%', '100\\%', '%', '%%', '', '_pple', 'apple', 'APPLE', '%*%', '%[%', '%\\\\%', 'a%b', 'a!b', '%!%', null, 5]) add({ where: { [name]: { like: v } }, sort: 'id' });
}
for (const name of ['num', 'flag', 'owner', 'id', 'doc']) for (const op of ['contains', 'startsWith', 'endsWith', 'like']) for (const v of ['1', 't', 1]) add({ where: { [name]: { [op]: v } }, sort: 'id' });

for (const where of [
  {}, null, 1, '1', [1, 2], [], 'abc', true, { or: [] }, { and: [] }, { or: [{}] }, { and: [{}] },
  { or: [{ name: 'apple' }, { num: 10 }] }, { and: [{ flag: true }, { num: { '>': 5 } }] }, { or: [{ name: 'apple', num: 10 }, { id: 3 }] },
  { or: [{ and: [{ flag: true }, { num: { '<': 2 } }] }, { or: [{ id: 4 }, { id: 5 }] }] }, { flag: true, or: [{ id: 1 }, { id: 2 }] },
  { and: [{ or: [{ id: 1 }, { id: 2 }] }, { or: [{ id: 2 }, { id: 3 }] }] }, { or: { id: 1 } }, { or: [1] }, { or: 'x' }, { and: null },
  { nor: [{ id: 1 }] }, { not: { id: 1 } }, { num: { '>': 5, '<': 11 } }, { num: { '>=': 7, '<=': 10, '!=': 8 } }, { num: {} }, { num: { '$gt': 1 } }, { num: { between: [1, 2] } },
  { nope: 1 }, { 'doc.a': 1 }, { tags: 1 }, { tags: [1] }, { name: { '!': 'apple' } }, { name: { not: 'apple' } }, { num: { lessThan: 5 } }, { num: { greaterThanOrEqual: 10 } },
  { num: { lessThanOrEqual: 5 } }, { num: { greaterThan: 10 } }, { name: { '!=': ['apple', 'Apple'] } }, { name: { '!': ['apple'] } }, { note: { '!=': [null] } }, { note: { nin: ['x', null] } },
  { or: [{ note: null }, { note: '' }] }, { note: { '!=': 'x' } }, { numn: { '!=': 10 } }, { numn: { nin: [10] } }, { owner: { '!=': 1 } }, { owner: { nin: [1, 2] } }, { doc: { '!=': null } }, { doc: { '!=': 5 } },
  { doc: { in: ['text', 5] } }, { doc: { nin: ['text', 5] } }, { or: [{ name: { in: [] } }, { id: 3 }] }, { and: [{ name: { nin: [] } }, { id: 3 }] }, { name: { in: [] }, id: 3 }, { or: [{ name: { nin: [] } }] },
  { name: { contains: 'a', startsWith: 'a' } }, { name: { contains: 'a' }, note: { '!=': null } }, { or: [{ or: [{ or: [{ id: 1 }] }] }] }, { id: { '>': 3 }, name: { '!=': '' } },
]) add({ where, sort: 'id' });

for (const sort of ['id', 'id ASC', 'id DESC', 'id asc', 'name', 'name DESC', 'num DESC', ['num', 'id DESC'], ['num DESC', 'id'], [{ num: 'ASC' }, { id: 'DESC' }], [{ num: 1 }], { id: 1 }, { id: -1 }, { num: 'ASC' },
  ['numn', 'id'], ['numn DESC', 'id'], ['note', 'id'], ['note DESC', 'id'], ['flag', 'id'], ['flag DESC', 'id DESC'], ['owner', 'id'], ['owner DESC', 'id'], 'big', 'nope', 'id SIDEWAYS', 'id ASC extra', '', [], [''], ['id', 'id'], ['id', 'id DESC'],
  5, true, [5], [{}], [{ id: 'ASC', num: 'ASC' }], 'tags', 'doc.a', [['id']], ' id', 'id  DESC', { id: 'ASC' }, [{ id: -1 }]]) add({ sort, where: { id: { '<': 100 } } });
for (const limit of [1, 3, 0, -1, '2', ' 2', '', 'x', 1.5, null, true, 9007199254740991, 1e300, [], [2], {}]) add({ limit, sort: 'id' });
for (const skip of [0, 1, 13, 14, 100, -1, '2', '', 'x', 1.5, true, []]) add({ skip, sort: 'id' });
add({ skip: 2, limit: 3, sort: 'id DESC' });
for (const select of [['name'], ['id'], [], ['*'], ['nope'], ['tags'], ['owner', 'name'], ['name', 'name'], ['*', 'name']]) add({ where: { id: [1, 2] }, select, sort: 'id' });
for (const omit of [['name'], ['id'], [], ['nope'], ['tags'], ['owner', 'doc'], ['*']]) add({ where: { id: [1, 2] }, omit, sort: 'id' });
add({ where: { id: 1 }, select: ['name'], omit: ['num'] });
add({ where: { id: 1 }, select: ['name'], omit: [] });
add({ id: 1 }); add({ name: 'apple' }); add(null); add(5); add('5'); add([1, 2]); add([]); add('apple'); add(true); add({ or: [{ id: 1 }, { id: 2 }] });

for (const criteria of [{}, { where: { flag: true } }, { where: { id: { in: [] } } }, { where: { nope: 1 } }, 1]) add(criteria, { method: 'count' });
for (const method of ['sum', 'avg']) for (const attribute of ['num', 'numn', 'big', 'name', 'owner', 'nope', 'id', 'doc', 'tags']) for (const criteria of [{ where: { id: [3, 4, 7, 8] } }, { where: { id: { in: [] } } }, { where: { id: 99 } }, { where: { id: 1 } }]) add(criteria, { method, attribute });

const populated = (model, criteria, populate) => add(criteria, { model, populate });
populated('person', { sort: 'id' }, { things: null });
for (const sub of [{ limit: 2, sort: 'id DESC' }, { skip: 1, limit: 1, sort: 'id' }, { where: { flag: true }, sort: 'id' }, { sort: 'num DESC' }, { select: ['name'], sort: 'id' }, { omit: ['doc', 'num', 'numn', 'big', 'flag', 'note'], sort: 'id' }, { limit: 0 }, { limit: -1 }, { where: { id: { in: [] } } }, { where: { nope: 1 } }, { flag: true }, { skip: 2, sort: 'id' }, { sort: ['flag', 'id DESC'], limit: 3 }, { where: { or: [{ id: 1 }, { id: 4 }] } }, { select: ['name'], omit: ['id'] }, { sort: 'id', where: { name: { contains: 'a' } }, limit: 2 }, {}, null]) {
  populated('person', { sort: 'id' }, { things: sub });
  populated('tag', { sort: 'id', where: { id: [1, 2] } }, { things: sub });
}
for (const alias of ['nope', 'name', 'id']) populated('person', { sort: 'id' }, { [alias]: null });
populated('thing', { where: { id: [1, 6, 8] }, sort: 'id', select: ['name'] }, { owner: null });
populated('thing', { where: { id: [1, 6, 8] }, sort: 'id', select: ['name'] }, { owner: { where: {} } });
populated('thing', { where: { id: [1, 6, 8] }, sort: 'id', select: ['name'] }, { owner: { limit: 1 } });
populated('thing', { where: { id: [1, 6] }, sort: 'id', omit: ['owner'] }, { owner: null });
populated('thing', { where: { id: [1, 2, 3, 9] }, sort: 'id', select: ['name'] }, { owner: null, tags: { sort: 'label DESC', limit: 2 } });
populated('thing', { where: { owner: 1 }, sort: 'id', limit: 2, skip: 1, select: ['name', 'owner'] }, { tags: { where: { label: { '!=': 'red' } }, sort: 'id' } });
populated('thing', { where: { id: 99 } }, { tags: null });
populated('person', { where: { id: [1, 3] }, sort: 'name DESC', select: ['id'] }, { things: { select: ['id'], sort: 'id' } });
for (const criteria of [1, '1', { where: { flag: true } }, { where: { id: 99 } }, {}]) add(criteria, { method: 'findOne' });

require('fs').writeFileSync(__dirname + '/cases.json', '[\n' + cases.map((c) => JSON.stringify(c)).join(',\n') + '\n]\n');
console.log(cases.length, 'cases');
