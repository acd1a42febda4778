module.exports.policies = {
  '*': 'isLoggedIn',
  'account/sign-up': true,
  PersonController: { find: ['isLoggedIn', 'isAdmin'], greet: (req, res, proceed) => proceed() },
};
