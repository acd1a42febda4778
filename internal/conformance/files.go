package conformance

import "embed"

// Files are the scenarios, the recordings, and the driver without its npm packages.
//
//go:embed driver/package.json driver/package-lock.json driver/.npmrc driver/scenarios.mjs driver/lib
//go:embed scenarios scenarios-0.12 scenarios-more golden golden-0.12 golden-more variants.json
var Files embed.FS

// A Suite is a set of scenarios with what the original software made of them.
type Suite struct {
	Name      string // as people call it
	Scenarios string // folder of Files
	Golden    string // folder of Files
	Client    string // the release of sails.io.js the main recordings were made with
}

// Suites are all of them.
var Suites = []Suite{
	{"sails", "scenarios", "golden", "1.2.1"},
	{"more", "scenarios-more", "golden-more", "1.2.1"},
	{"0.12", "scenarios-0.12", "golden-0.12", "0.13.8"},
}
