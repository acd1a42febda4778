module.exports = { send: () => {} };
