module.exports = function teapot() { return this.res.status(418).send("teapot"); };
