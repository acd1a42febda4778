// Package action helps http.Handlers that act as Sails actions: reading
// parameters the way req.param and req.allParams do, and answering the way
// res.ok, res.badRequest, res.json and the others do.
//
// Every function works for both kinds of client. For a virtual request (one
// that came over a socket) the answer is exactly the JWR that Sails sends:
// values stay values, nothing is added to the headers. For a plain HTTP request
// it is what Sails sends over HTTP: indented JSON outside production, charset,
// ETag, and 304 for a client that has the body already (RS-13).
//
//	func show(w http.ResponseWriter, r *http.Request) {
//		id := action.Param(r, "id").String()
//		if id == "" {
//			action.BadRequest(w, r, "id is missing")
//			return
//		}
//		action.OK(w, r, map[string]string{"id": id})
//	}
//
// The package needs no setup. [Config] changes what it does: production mode,
// trusted proxies, a logger.
package action
