module.exports = { sync: true, inputs: { a: { type: 'number' }, b: { type: 'number' } }, fn: ({ a, b }) => a + b };
