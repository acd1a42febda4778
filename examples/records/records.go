// Package records is an application without code: a manifest and a page that shows
// records changing live in every tab that has it open.
//
//	make run        # or: npm ci --prefix examples/records && go run ./cmd/sails lift --dev examples/records
//
// `sails new` begins with a copy of it.
package records

import "embed"

// Files are the files of the application.
//
//go:embed sails.manifest.json package.json assets
var Files embed.FS
