package action

import (
	"encoding/json"
	"net/http"
	"strings"
)

// OK answers with status 200: data as JSON does, or without data the text "OK".
// Data is optional; only the first value counts, here and in the functions
// below. An error is answered by its text, in production by "OK".
func OK(w http.ResponseWriter, r *http.Request, data ...any) {
	newReply(w, r).with(http.StatusOK).dataOrStatus(data)
}

// Created answers as OK does, with status 201.
func Created(w http.ResponseWriter, r *http.Request, data ...any) {
	newReply(w, r).with(http.StatusCreated).dataOrStatus(data)
}

// BadRequest answers with status 400: data as JSON does, or without data the
// text "Bad Request". An error is answered by its text ("Error: ..."), or in
// production by "Bad Request"; one that implements json.Marshaler by its JSON,
// always (table 3.3).
func BadRequest(w http.ResponseWriter, r *http.Request, data ...any) {
	newReply(w, r).with(http.StatusBadRequest).dataOrStatus(data)
}

// Forbidden answers with status 403 and the text "Forbidden"; like Sails it
// ignores data.
func Forbidden(w http.ResponseWriter, r *http.Request, _ ...any) {
	newReply(w, r).sendStatus(http.StatusForbidden)
}

// NotFound answers with status 404 and the text "Not Found"; like Sails it
// ignores data.
func NotFound(w http.ResponseWriter, r *http.Request, _ ...any) {
	newReply(w, r).sendStatus(http.StatusNotFound)
}

// ServerError answers with status 500: data as JSON does, or without data the
// text "Internal Server Error". An error is answered by its text, or its JSON if
// it implements json.Marshaler; one with a method Thrown() string by that alone,
// without "Error: " before it. In production data is never sent. Data is logged.
//
// A browser that asks for an HTML page gets JSON even for errors, as from a
// Sails app without a 500 view.
func ServerError(w http.ResponseWriter, r *http.Request, data ...any) {
	a := newReply(w, r).with(http.StatusInternalServerError)
	if len(data) > 0 {
		a.config.log().Error("action: server error", "method", r.Method, "path", r.URL.Path, "error", data[0])
	}
	if a.config.Production {
		data = nil
	}
	if !WantsJSON(r) {
		a.serverErrorPage(data)
		return
	}
	a.dataOrStatus(data)
}

// serverErrorPage is what Sails does when the 500 view is missing.
func (a *reply) serverErrorPage(data []any) {
	switch {
	case a.refused():
	case len(data) == 0:
		a.contentType("application/json; charset=utf-8")
		a.write(nil, false)
	default:
		if err, ok := data[0].(error); ok && !isMarshaler(err) {
			a.sendJSON(json.RawMessage("{}"))
			return
		}
		a.json(data[0])
	}
}

// Negotiate answers with BadRequest, Forbidden, NotFound or ServerError,
// whichever fits the status that err gives by a method StatusCode() int or
// Status() int; 500 without one.
func Negotiate(w http.ResponseWriter, r *http.Request, err error) {
	switch status := statusOf(err); {
	case status == http.StatusForbidden:
		Forbidden(w, r)
	case status == http.StatusNotFound:
		NotFound(w, r)
	case status >= 400 && status < 500:
		BadRequest(w, r, err)
	default:
		ServerError(w, r, err)
	}
}

func statusOf(err error) int {
	switch e := err.(type) { //nolint:errorlint // a wrapped error's status is not the wrapper's
	case interface{ StatusCode() int }:
		return e.StatusCode()
	case interface{ Status() int }:
		return e.Status()
	}
	return http.StatusInternalServerError
}

func isMarshaler(err error) bool {
	_, ok := err.(json.Marshaler) //nolint:errorlint // as encoding/json asks
	return ok
}

// harmless takes what starts tags and entities out of texts: those of errors may
// repeat input.
var harmless = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")

// dataOrStatus answers with the first of data, if there is one.
func (a *reply) dataOrStatus(data []any) {
	if len(data) == 0 {
		a.sendStatus(a.status)
		return
	}
	err, isError := data[0].(error)
	if !isError || isMarshaler(err) {
		a.json(data[0])
		return
	}
	if a.config.Production {
		a.sendStatus(a.status)
		return
	}
	text := "Error: " + err.Error()
	if thrown, ok := err.(interface{ Thrown() string }); ok { //nolint:errorlint // a wrapped error's text is not the wrapper's
		text = thrown.Thrown()
	}
	if !a.virtual {
		a.set("Content-Type", "text/html; charset=utf-8") // as Sails has it
		text = harmless.Replace(text)
	}
	a.send(text)
}
