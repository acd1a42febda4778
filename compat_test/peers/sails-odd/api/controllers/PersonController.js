module.exports = { find: (req, res) => res.ok([]), greet: (req, res) => res.ok('hello') };
