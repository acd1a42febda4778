module.exports = {
  datastore: 'archive',
  schema: false,
  attributes: { who: { model: 'person' }, place: { type: 'string', required: true } },
};
