// Package conformance holds what released JavaScript clients are made to do
// (scenarios), what the original software showed them (golden), and the Node
// programs that make them do it (driver). Both `sails conformance` and the tests of
// compat_test play them.
//
//	scenarios, golden            sails.io.js against Sails 1.5
//	scenarios-0.12, golden-0.12  against Sails 0.12
//	scenarios-more, golden-more  what the first set leaves out
//	variants.json                settings of the server, by the name scenarios ask for
//	driver                       npm packages with their lockfile; scripts
//	transcript                   comparing what was seen with a recording
//
// A client differs from the one the recordings were made with in some places: those
// of golden/<client>-<transport> take the place of the main ones then.
package conformance
