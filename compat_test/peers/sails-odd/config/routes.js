module.exports.routes = {
  'GET /': { view: 'pages/home' },
  'GET /teapot': { response: 'teapot' },
  'GET /inline': (req, res) => res.ok('inline'),
  'POST /signup': { action: 'account/sign-up' },
  'GET /admin/people': [{ policy: 'isAdmin' }, 'person/find'],
  'GET /twice': [(req, res, next) => next(), 'person/greet'],
  'GET /people': { action: 'person/find', skipRegex: /^\/people\/x/, populate: ['visits'] },
  'GET /blue': { blueprint: 'find', model: 'visit' },
  'GET /api/*': { policy: (req, res, next) => next(), action: 'person/greet' },
  'GET /old': 'https://example.com/new',
};
