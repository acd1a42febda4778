package route

import (
	"net/http"
	"strconv"

	"github.com/go-sails/sails/sailsio/action"
	"github.com/go-sails/sails/virtualrequest"
)

// setHeader sets a header as Node's res.setHeader does: under its lower-case
// name only, which a JWR shows and HTTP does not (RS-5).
func setHeader(w http.ResponseWriter, r *http.Request, name, value string) {
	h := w.Header()
	h.Del(name)
	if _, virtual := virtualrequest.FromContext(r.Context()); virtual {
		h[lower(name)] = []string{value}
		return
	}
	h.Set(name, value)
}

// optionsAllow is what Sails answers for every path, because its own routes for
// "/*" match every path.
const optionsAllow = "DELETE, GET, HEAD, PATCH, POST, PUT"

// defaultOptions answers an OPTIONS request that no route answers: RS-31 over a
// socket, CN-54 over HTTP.
func defaultOptions(w http.ResponseWriter, r *http.Request) {
	if _, virtual := virtualrequest.FromContext(r.Context()); virtual {
		setHeader(w, r, "Allow", optionsAllow)
		setHeader(w, r, "Content-Length", strconv.Itoa(len(optionsAllow)))
		setHeader(w, r, "Content-Type", "text/plain")
		setHeader(w, r, "X-Content-Type-Options", "nosniff")
		w.WriteHeader(http.StatusOK)
		return
	}
	const allow = "GET,HEAD,PUT,POST,DELETE,PATCH"
	w.Header().Set("Allow", allow)
	action.Send(w, r, allow)
}

// withParams hands a route's parameters to the handler.
func withParams(r *http.Request, params []action.PathParam) *http.Request {
	if len(params) == 0 {
		return r
	}
	r = action.WithParams(r, params)
	for _, p := range params {
		r.SetPathValue(p.Name, p.Value)
	}
	return r
}

// redirect sends the client elsewhere with 302.
func redirect(to string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { action.Redirect(w, r, to) })
}
