module.exports = (req, res, proceed) => proceed();
