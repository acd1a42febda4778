module.exports = {
  attributes: {
    ssn: { type: 'string', encrypt: true },
    photo: { type: 'ref', columnType: 'bytea' },
    shoe: { type: 'number', custom: (n) => n > 20 },
    code: { type: 'string', regex: /^(?=.*\d)[a-z\d]+$/ },
    born: { type: 'string', isAfter: new Date('1900-01-01T00:00:00Z') },
    fullName: { type: 'string' },
  },
  customToJSON() { return { id: this.id, label: `${this.fullName}!` }; },
  beforeCreate(values, proceed) { return proceed(); },
  afterDestroy(record, proceed) { return proceed(); },
};
