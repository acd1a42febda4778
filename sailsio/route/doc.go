// Package route is Sails' config/routes.js as an http.Handler, for requests that
// come over HTTP and over sockets (virtual requests) alike:
//
//	router, err := route.New(route.Config{
//		Routes: []route.Route{
//			{Address: "GET /user/:id", Action: "user/findone"},
//			{Address: "/echo/wild/*", Handler: echo, SkipAssets: route.Off},
//			{Address: `r|^/v(\d+)/(\w+)$|version,word`, Handler: versioned},
//			{Address: "GET /home", Redirect: "/"},
//		},
//		Actions: map[string]http.Handler{"user/findone": findOne},
//	})
//
// It works next to other routers, not instead of them: what no route answers
// goes to Config.NotFound, which may be a gorilla/mux router, and CORS, CSRF
// and policies are also available as plain middleware ([NewCORS], [NewCSRF],
// [NewPolicies]). [Tolerant] gives any router Sails' indifference to letter
// case and a trailing slash.
//
// Path parameters reach handlers through http.Request.PathValue and through the
// package action.
//
// Rules are cited as VR-n (routing), CS-n, CO-n, PL-n (CSRF, CORS, policies) and
// SEC-n (security).
package route
