// Package compat checks this library from outside: released JavaScript
// clients from npm and a real browser talk to servers written with the public
// API, and what they see is compared with recordings of the original software.
//
//	../internal/conformance/  JavaScript that drives the clients, scenarios, recordings
//	pages/        what pages in a browser do; their notes are recorded in ../testdata/pages
//	servers/      the servers under test, one main package each
//	parserdiff/   packet decoders compared with the original parsers
//	peers/        the same servers written with other libraries
//	setup/        installs Node, Chromium and the npm packages
//
// The recordings of packets are in ../testdata/protocol. Differences that are meant are listed
// in differences.md.
package compat
