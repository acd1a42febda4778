// Package manifest describes a Sails application as data, and builds one that runs
// from the description: models, routes, policies by name, blueprints, sessions,
// sockets.
//
// A manifest is the file sails.manifest.json. `sails export` writes it from a Sails
// application that runs in Node, `sails lift` serves it, `sails generate` makes a Go
// project of it; a person can write it too. It holds no code and no secrets: where
// one is needed it names the environment variable.
//
//	m, err := manifest.ReadFile("sails.manifest.json")
//	...
//	db, dialect, err := datastore.Open(m.Datastore, ".")
//	...
//	app, err := manifest.Build(m, manifest.Options{DB: db, Dialect: dialect, Actions: ported})
//	...
//	http.ListenAndServe("127.0.0.1:1337", app)
//
// # What has no counterpart
//
// Actions, policies, lifecycle callbacks and custom validations are JavaScript. The
// manifest names them; Options may give each a counterpart in Go. What has none is
// closed, never left out: a request for it goes to Options.Upstream, usually the old
// application behind package frontdoor, or, without one, is answered with 501 (an
// action) or 403 (anything behind a policy). A model whose records were serialised,
// checked or changed by JavaScript keeps the blueprint actions concerned closed
// until the manifest's "unported" list says otherwise. Application.Gaps lists all of
// it.
package manifest
