// Package virtualrequest runs a socket message that is an HTTP request against
// an ordinary http.Handler and returns the answer as a JWR (JSON WebSocket
// response), the way Sails does for sails.io.js.
//
// A message `["get", {"url": "/user?limit=5", "headers": {}, "data": {}}]` is
// parsed by [Parse] and run by [Dispatcher.Run] or [Dispatcher.Serve]. The
// handler sees a normal *http.Request: method from the event name, query from
// the url, JSON body from data, and host, origin, cookies and remote address
// from the socket's handshake ([Origin]), never from the message. What it writes
// becomes the body, headers and status code of a [Response].
//
// The package knows nothing of sockets, rooms or session stores. It uses the
// standard library only.
//
// # What handlers may rely on
//
// The request has ContentLength and Content-Type: application/json when the
// message carried data; an absent body is http.NoBody. Data goes into the body
// for every verb, GET and DELETE included, because Sails never puts it into the
// query (VR-6); only the empty object `{}`, which some clients always send, is
// no body for GET, HEAD, OPTIONS and DELETE, so that handlers that forward or
// check such requests see what HTTP clients send.
//
// Written bytes are buffered until the handler returns: with a JSON content
// type the JWR's body is that JSON value, otherwise a string, or binary when
// the bytes are not UTF-8 or declared application/octet-stream. [SetBody] gives
// the body as a value instead. A handler that wants the answer delivered before
// it returns calls Flush after SetBody; Flush after plain writes does nothing,
// since more may follow. There is no Hijacker and no streaming (SEC-70). HEAD
// keeps its body (RS-30).
package virtualrequest
