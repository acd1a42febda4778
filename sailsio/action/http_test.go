package action_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/go-sails/sails/sailsio/action"
	"github.com/go-sails/sails/virtualrequest"
)

// RS-13, RS-9, SEC-75, SU-30: over plain HTTP the answers are those that real
// Sails gave, in development, to a browser, and in production.
func TestSailsAnswers_HTTP(t *testing.T) {
	t.Parallel()
	for name, accept := range map[string]string{"development": "*/*", "browser": "text/html", "production": "*/*"} {
		text, err := os.ReadFile("testdata/sails-http/" + name + ".json")
		if err != nil {
			t.Fatal(err)
		}
		var answers []struct {
			Kind, Body, Binary string
			Status             int
			Headers            map[string]string
		}
		if err := json.Unmarshal(text, &answers); err != nil {
			t.Fatal(err)
		}
		config := &action.Config{Production: name == "production"}
		server := httptest.NewServer(config.Handler(newApp()))
		t.Cleanup(server.Close)
		client := server.Client()
		client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
		for _, a := range answers {
			r, err := http.NewRequest(http.MethodGet, server.URL+"/res/"+a.Kind, nil)
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("Accept", accept)
			response, err := client.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			body, err := io.ReadAll(response.Body)
			response.Body.Close()
			if err != nil {
				t.Fatal(err)
			}
			got := map[string]string{}
			for name, values := range response.Header {
				if name != "Date" && name != "Content-Length" {
					got[name] = strings.Join(values, ", ")
				}
			}
			want := map[string]string{}
			for name, value := range a.Headers {
				want[http.CanonicalHeaderKey(name)] = value
			}
			if a.Kind == "set-cookie" {
				want["Set-Cookie"] = "flavour=oat; Path=/"
			}
			if a.Kind == "error-error" || a.Kind == "throw" || a.Kind == "holes" {
				delete(got, "Etag") // of a text that differs
				delete(want, "Etag")
			}
			if a.Binary != "" {
				a.Body = string(must(hex.DecodeString(a.Binary)))
			}
			body = bytes.ReplaceAll(body, []byte("05:06Z"), []byte("05:06.000Z"))
			if response.StatusCode != a.Status || string(body) != a.Body || !reflect.DeepEqual(got, want) {
				t.Errorf("%s/%s:\n got %d %v %q\nwant %d %v %q", name, a.Kind, response.StatusCode, got, body, a.Status, want, a.Body)
			}
		}
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func do(h http.Handler, method, target, body string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	for i := 0; i < len(header); i += 2 {
		r.Header.Add(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// RS-13: a client that has the body gets 304.
func TestFresh(t *testing.T) {
	t.Parallel()
	app := newApp()
	tag := do(app, "GET", "/res/object", "").Header().Get("ETag")
	for _, tc := range []struct {
		method, match, cacheControl string
		want                        int
	}{
		{"GET", tag, "", 304}, {"HEAD", tag, "", 304}, {"GET", `"x", ` + strings.TrimPrefix(tag, "W/"), "", 304}, {"GET", "*", "", 304},
		{"GET", tag, "No-Cache", 200}, {"GET", `W/"x"`, "", 200}, {"POST", tag, "", 200}, {"GET", "", "", 200},
	} {
		w := do(app, tc.method, "/res/object", "", "If-None-Match", tc.match, "Cache-Control", tc.cacheControl)
		if w.Code != tc.want || (w.Code == 304 && (w.Body.Len() > 0 || w.Header().Get("Content-Type") != "")) {
			t.Errorf("%+v: %d %v %q", tc, w.Code, w.Header(), w.Body)
		}
		if w.Code == 200 && tc.method == "HEAD" && w.Body.Len() > 0 {
			t.Error("HEAD has a body")
		}
	}
	if w := do(app, "GET", "/res/status/404", "", "If-None-Match", "*"); w.Code != 404 {
		t.Errorf("404 became %d", w.Code)
	}
	own := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header()["etag"] = []string{`"own"`}
		action.SetHeader(w, "content-type", "text/x")
		action.Send(w, r, "s")
	})
	if w := do(own, "GET", "/", "", "If-None-Match", `"own"`); w.Code != 304 {
		t.Errorf("own ETag: %d", w.Code)
	}
}

// Express' choice between text, HTML and nothing for redirects.
func TestRedirect_HTTP(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ accept, contentType, body string }{
		{"", "text/plain; charset=utf-8", "Found. Redirecting to /a?b=%3C%22%3E&c=%20"},
		{"text/html,application/xhtml+xml,*/*;q=0.8", "text/html; charset=utf-8", "<p>Found. Redirecting to /a?b=%3C%22%3E&amp;c=%20</p>"},
		{"text/*", "text/plain; charset=utf-8", "Found. Redirecting to /a?b=%3C%22%3E&c=%20"},
		{"text/plain;q=0.5, text/html;q=0.4", "text/plain; charset=utf-8", "Found. Redirecting to /a?b=%3C%22%3E&c=%20"},
		{"text/plain;q=x, text/html;level=1", "text/html; charset=utf-8", "<p>Found. Redirecting to /a?b=%3C%22%3E&amp;c=%20</p>"},
		{"application/json", "", ""},
	} {
		w := do(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { action.Redirect(w, r, `/a?b=<">&c=%20`) }), "GET", "/", "", "Accept", tc.accept)
		if tc.accept == "" {
			w = do(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { action.Redirect(w, r, `/a?b=<">&c=%20`) }), "GET", "/", "")
		}
		if w.Code != 302 || w.Header().Get("Content-Type") != tc.contentType || w.Body.String() != tc.body || w.Header().Get("Location") != "/a?b=%3C%22%3E&c=%20" {
			t.Errorf("%q: %d %v %q", tc.accept, w.Code, w.Header(), w.Body)
		}
	}
	got := ask(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { action.Redirect(w, r, "/a b%20ż") }), "get", `{"url":"/"}`)
	if got.Body != "Redirecting to /a%20b%2520%C5%BC" || got.Header["Location"] != "/a b%20ż" {
		t.Errorf("%+v", got)
	}
}

func ask(t *testing.T, h http.Handler, event, message string) *virtualrequest.Response {
	t.Helper()
	r, err := virtualrequest.Parse(event, []byte(message))
	if err != nil {
		t.Fatal(err)
	}
	return (&virtualrequest.Dispatcher{Handler: h}).Serve(t.Context(), handshake(), r)
}

// Answers that have no place in the transcripts, for both kinds of client.
func TestHelpers(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name           string
		handler        handler
		socket, http   string
		production     string // over a socket
		productionHTTP string
	}{
		{"badRequest(error)", kinds["bad-error"], `400 "Error: <b>too short</b>"`, "400 text/html; charset=utf-8 Error: &lt;b&gt;too short&lt;/b&gt;", `400 "Bad Request"`, "400 text/plain; charset=utf-8 Bad Request"},
		{"ok(error)", kinds["ok-error"], `200 "Error: odd"`, "200 text/html; charset=utf-8 Error: odd", `200 "OK"`, "200 text/plain; charset=utf-8 OK"},
		{"json(NaN)", kinds["unencodable"], `500 "Internal Server Error"`, "500 text/plain; charset=utf-8 Internal Server Error", `500 "Internal Server Error"`, "500 text/plain; charset=utf-8 Internal Server Error"},
		{"send(bytes)", send([]byte("b")), `200 "Yg=="`, "200 application/octet-stream b", `200 "Yg=="`, "200 application/octet-stream b"},
		{"sendStatus(413)", func(w http.ResponseWriter, r *http.Request) { action.SendStatus(w, r, 413) }, `413 "Payload Too Large"`, "413 text/plain; charset=utf-8 Payload Too Large", `413 "Payload Too Large"`, "413 text/plain; charset=utf-8 Payload Too Large"},
		{"sendStatus(414)", func(w http.ResponseWriter, r *http.Request) { action.SendStatus(w, r, 414) }, `414 "URI Too Long"`, "414 text/plain; charset=utf-8 URI Too Long", `414 "URI Too Long"`, "414 text/plain; charset=utf-8 URI Too Long"},
		{"sendStatus(416)", func(w http.ResponseWriter, r *http.Request) { action.SendStatus(w, r, 416) }, `416 "Range Not Satisfiable"`, "416 text/plain; charset=utf-8 Range Not Satisfiable", `416 "Range Not Satisfiable"`, "416 text/plain; charset=utf-8 Range Not Satisfiable"},
		{"sendStatus(418)", func(w http.ResponseWriter, r *http.Request) { action.SendStatus(w, r, 418) }, `418 "I'm a Teapot"`, "418 text/plain; charset=utf-8 I'm a Teapot", `418 "I'm a Teapot"`, "418 text/plain; charset=utf-8 I'm a Teapot"},
		{"sendStatus(509)", func(w http.ResponseWriter, r *http.Request) { action.SendStatus(w, r, 509) }, `509 "Bandwidth Limit Exceeded"`, "509 text/plain; charset=utf-8 Bandwidth Limit Exceeded", `509 "Bandwidth Limit Exceeded"`, "509 text/plain; charset=utf-8 Bandwidth Limit Exceeded"},
		{"sendStatus(599)", func(w http.ResponseWriter, r *http.Request) { action.SendStatus(w, r, 599) }, `599 "599"`, "599 text/plain; charset=utf-8 599", `599 "599"`, "599 text/plain; charset=utf-8 599"},
		{"negotiate 404", negotiate(statusError(404)), `404 "Not Found"`, "404 text/plain; charset=utf-8 Not Found", `404 "Not Found"`, "404 text/plain; charset=utf-8 Not Found"},
		{"negotiate 403", negotiate(otherError(403)), `403 "Forbidden"`, "403 text/plain; charset=utf-8 Forbidden", `403 "Forbidden"`, "403 text/plain; charset=utf-8 Forbidden"},
		{"negotiate 409", negotiate(statusError(409)), `400 "Error: s"`, "400 text/html; charset=utf-8 Error: s", `400 "Bad Request"`, "400 text/plain; charset=utf-8 Bad Request"},
		{"negotiate", negotiate(errors.New("e")), `500 "Error: e"`, "500 text/html; charset=utf-8 Error: e", `500 "Internal Server Error"`, "500 text/plain; charset=utf-8 Internal Server Error"},
		{"plain write with Status", func(w http.ResponseWriter, r *http.Request) {
			w = action.Status(w, 201)
			_, _ = io.WriteString(w, "a")
			_, _ = io.WriteString(w, "b")
		}, `201 "ab"`, "201 text/plain; charset=utf-8 ab", `201 "ab"`, "201 text/plain; charset=utf-8 ab"},
		{"WriteHeader with Status", func(w http.ResponseWriter, r *http.Request) {
			w = action.Status(w, 201)
			w.WriteHeader(202)
			_, _ = io.WriteString(w, "a")
		}, `202 "a"`, "202 text/plain; charset=utf-8 a", `202 "a"`, "202 text/plain; charset=utf-8 a"},
		{"behind a wrapper without Unwrap", func(w http.ResponseWriter, r *http.Request) {
			action.Send(opaque{action.Status(w, 201)}, r, object{"a": 1})
		}, `200 {"a":1}`, "200 application/json; charset=utf-8 {\n  \"a\": 1\n}", `200 {"a":1}`, "200 application/json; charset=utf-8 {\"a\":1}"},
	} {
		for _, production := range []bool{false, true} {
			config := &action.Config{Production: production}
			h := config.Handler(http.HandlerFunc(tc.handler))
			got := ask(t, h, "get", `{"url":"/"}`)
			body, err := json.Marshal(got.Body)
			if err != nil {
				t.Fatal(err)
			}
			w := do(h, "GET", "/", "")
			socket, plain := fmt.Sprintf("%d %s", got.StatusCode, must(compact(body))), fmt.Sprintf("%d %s %s", w.Code, w.Header().Get("Content-Type"), w.Body)
			if plain == "200  ab" || w.Header().Get("Content-Type") == "" {
				plain = fmt.Sprintf("%d %s %s", w.Code, http.DetectContentType(w.Body.Bytes()), w.Body)
			}
			wantSocket, wantHTTP := tc.socket, tc.http
			if production {
				wantSocket, wantHTTP = tc.production, tc.productionHTTP
			}
			if socket != wantSocket || plain != wantHTTP {
				t.Errorf("%s, production %v:\n got %s | %s\nwant %s | %s", tc.name, production, socket, plain, wantSocket, wantHTTP)
			}
		}
	}
}

func compact(text []byte) (string, error) {
	var v any
	if err := json.Unmarshal(text, &v); err != nil {
		return "", err
	}
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	err := enc.Encode(v)
	return strings.TrimSpace(buf.String()), err
}

type opaque struct{ http.ResponseWriter }

type statusError int

func (e statusError) Error() string   { return "s" }
func (e statusError) StatusCode() int { return int(e) }

type otherError int

func (e otherError) Error() string { return "o" }
func (e otherError) Status() int   { return int(e) }

func negotiate(err error) handler {
	return func(w http.ResponseWriter, r *http.Request) { action.Negotiate(w, r, err) }
}

// RS-9: the second answer is ignored and logged, over HTTP as over sockets;
// ServerError logs what it was given.
func TestSecondAnswer(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	config := &action.Config{Logger: slog.New(slog.NewTextHandler(&log, nil))}
	for _, second := range []handler{kinds["object"], kinds["string"], kinds["redirect"], kinds["ok-data"], action.End, kinds["error"]} {
		log.Reset()
		w := do(config.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			action.Send(w, r, "first")
			second(w, r)
		})), "GET", "/", "")
		if w.Code != 200 || w.Body.String() != "first" || !strings.Contains(log.String(), "second answer") {
			t.Errorf("%d %q, log %q", w.Code, w.Body, log.String())
		}
	}
	do(config.Handler(http.HandlerFunc(kinds["error-error"])), "GET", "/", "")
	if !strings.Contains(log.String(), "boom error") {
		t.Errorf("log %q", log.String())
	}
	// A handler that has written itself counts too, flushing included.
	for _, start := range []handler{
		func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(200) },
		func(w http.ResponseWriter, _ *http.Request) { w.(http.Flusher).Flush() },
		func(w http.ResponseWriter, _ *http.Request) { _ = http.NewResponseController(w).Flush() },
		func(w http.ResponseWriter, _ *http.Request) { _, _ = w.(io.ReaderFrom).ReadFrom(strings.NewReader("")) },
	} {
		w := do(config.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			start(w, r)
			action.Send(action.Status(w, 400), r, "second")
		})), "GET", "/", "")
		if w.Code != 200 || w.Body.Len() != 0 {
			t.Errorf("%d %q", w.Code, w.Body)
		}
	}
}

// The wrapper of Config.Handler keeps what servers offer.
func TestConfig_Handler(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer((&action.Config{}).Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/copy" {
			if _, err := io.Copy(w, io.LimitReader(strings.NewReader("copied"), 6)); err != nil {
				t.Error(err)
			}
			return
		}
		conn, rw, err := w.(http.Hijacker).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.Close()
		_, _ = rw.WriteString("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi")
		_ = rw.Flush()
	})))
	defer server.Close()
	for path, want := range map[string]string{"/hijack": "hi", "/copy": "copied"} {
		response, err := server.Client().Get(server.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(response.Body)
		response.Body.Close()
		if err != nil || string(body) != want {
			t.Errorf("%s: %q, %v", path, body, err)
		}
	}
}

func multipartOf(t *testing.T, fields ...string) (contentType, body string) {
	t.Helper()
	var buf bytes.Buffer
	w := multipart.NewWriter(&buf)
	for i := 0; i < len(fields); i += 2 {
		if err := w.WriteField(fields[i], fields[i+1]); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return w.FormDataContentType(), buf.String()
}
