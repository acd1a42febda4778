module.exports = {
  friendlyName: 'Sign up',
  inputs: { email: { type: 'string', required: true, isEmail: true } },
  exits: { success: { responseType: 'view', viewTemplatePath: 'pages/home' } },
  async fn({ email }) { return { email }; },
};
