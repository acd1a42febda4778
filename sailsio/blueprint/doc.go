// Package blueprint serves the records of models over HTTP and sockets: Sails'
// nine blueprint actions with its routes, bodies, status codes and realtime
// notifications.
//
//	api, err := blueprint.New(blueprint.Config{
//		Store:    store,
//		Notifier: blueprint.App(app),
//		REST:     true,
//		Expose:   map[string]blueprint.Exposure{"user": {}, "pet": {Actions: blueprint.ReadOnly}},
//	})
//	for _, route := range api.Routes() {
//		router.Handle(route.Path, route.Handler).Methods(route.Method)
//	}
//
// # What clients can do
//
// Nothing, unless Config says so: models and actions are exposed by name, and
// the zero Config has no routes. What they send is checked against the model
// before a store sees it: criteria, sorts and selections name readable
// attributes only, with the bounds of Config.Limits (SEC-82..84); create and
// update take writable attributes only and ignore the rest (SEC-86); a body never
// changes more than the record its path names (SEC-87). What they get passes
// model.Model's Public.
//
// # Realtime
//
// Writes are committed before anybody is told. A request that came over a socket
// subscribes the socket to the records it got and is left out of the
// notifications it causes (BP-15); one that came over plain HTTP notifies
// everyone and subscribes nobody (BP-16).
package blueprint
