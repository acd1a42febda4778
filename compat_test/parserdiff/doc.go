// Package parserdiff compares this library's packet decoders with the parsers of
// released JavaScript packages on generated input: socket.io-parser 4.2, 4.0 and 3.3,
// engine.io-parser 5 and 2. Seeds are fixed; PARSERDIFF_CASES says how many cases
// there are for each parser (default 3,000).
package parserdiff
