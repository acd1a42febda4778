module.exports.bootstrap = async () => {};
