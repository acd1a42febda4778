module.exports = () => ({ routes: { before: { 'GET /clock': (req, res) => res.ok(0) } } });
