package frontdoor_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/go-sails/sails/internal/leakcheck"
	"github.com/go-sails/sails/sailsio"
	"github.com/go-sails/sails/sailsio/frontdoor"
	"github.com/go-sails/sails/sailsio/sailstest"
	"github.com/go-sails/sails/sailsio/session"
)

func TestMain(m *testing.M) { leakcheck.Main(m) }

// old starts the other server.
func old(t *testing.T, h http.HandlerFunc) string {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s.URL
}

func proxy(t *testing.T, cfg frontdoor.Config) *frontdoor.Proxy {
	t.Helper()
	p, err := frontdoor.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	return p
}

// inspect answers with what arrived.
func inspect(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	_ = json.NewEncoder(w).Encode(map[string]any{
		"method": r.Method, "uri": r.RequestURI, "host": r.Host, "body": string(body), "type": r.Header.Get("Content-Type"),
		"cookie": r.Header.Get("Cookie"), "for": r.Header.Get("X-Forwarded-For"), "proto": r.Header.Get("X-Forwarded-Proto"),
		"fhost": r.Header.Get("X-Forwarded-Host"), "forwarded": r.Header.Get("Forwarded"), "accept": r.Header.Get("Accept"),
	})
}

func TestPlain(t *testing.T) {
	t.Parallel()
	p := proxy(t, frontdoor.Config{Target: old(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Access-Control-Allow-Origin", "*")
		w.Header().Add("Set-Cookie", "b=2")
		inspect(w, r)
	})})
	r := httptest.NewRequest("POST", "http://front.example/a%2Fb?x=1", strings.NewReader(`{"a":1}`))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Cookie", "sails.sid=s%3Aabc")
	r.RemoteAddr = "203.0.113.7:4711"
	for _, name := range []string{"X-Forwarded-For", "Forwarded", "X-Real-IP", "X-Forwarded-Host"} { // SEC-68
		r.Header.Set(name, "6.6.6.6")
	}
	w := httptest.NewRecorder()
	w.Header().Set("access-control-allow-origin", "http://ours.example")
	w.Header().Add("Set-Cookie", "a=1")
	p.ServeHTTP(w, r)
	want := `{"accept":"","body":"{\"a\":1}","cookie":"sails.sid=s%3Aabc","fhost":"front.example","for":"203.0.113.7","forwarded":"","host":"front.example","method":"POST","proto":"http","type":"application/json","uri":"/a%2Fb?x=1"}`
	if got := strings.TrimSpace(w.Body.String()); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if got := w.Header().Values("Access-Control-Allow-Origin"); len(got) != 1 || got[0] != "*" {
		t.Errorf("CORS header %v", got)
	}
	if got := w.Header().Values("Set-Cookie"); len(got) != 2 {
		t.Errorf("cookies %v", got)
	}
}

func TestPlain_TrustedProxy(t *testing.T) {
	t.Parallel()
	p := proxy(t, frontdoor.Config{Target: old(t, inspect), TrustProxies: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}})
	r := httptest.NewRequest("GET", "/x", nil) // from 192.0.2.1
	r.Header.Set("X-Forwarded-For", "198.51.100.9")
	w := httptest.NewRecorder()
	p.ServeHTTP(w, r)
	if !strings.Contains(w.Body.String(), `"for":"198.51.100.9"`) {
		t.Error(w.Body)
	}
}

// socket is a Sails client of an app that hands everything on.
func socket(t *testing.T, p http.Handler, sessions *session.Manager) *sailstest.Client {
	t.Helper()
	app, err := sailsio.New(sailsio.Config{Handler: p, Sessions: sessions})
	if err != nil {
		t.Fatal(err)
	}
	server := sailstest.NewServer(app)
	t.Cleanup(server.Close)
	c, err := server.Connect(t.Context(), sailstest.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func ask(t *testing.T, c *sailstest.Client, method, url, data string) *sailstest.Response {
	t.Helper()
	var body any
	if data != "" {
		body = json.RawMessage(data)
	}
	res, err := c.Do(t.Context(), sailstest.Request{Method: method, URL: url, Data: body})
	if err != nil {
		t.Fatal(err)
	}
	return res
}

func TestVirtual_Requests(t *testing.T) {
	t.Parallel()
	c := socket(t, proxy(t, frontdoor.Config{Target: old(t, inspect) + "/base"}), nil)
	for _, test := range []struct{ method, url, data, want string }{
		{"post", "/echo?q=1", `{"n":1,"b":true}`, `"body":"{\"n\":1,\"b\":true}" "method":"POST" "type":"application/json" "uri":"/base/echo?q=1"`},
		{"put", "/echo", `[1,2]`, `"body":"[1,2]" "method":"PUT"`},
		{"delete", "/echo", `{"id":7}`, `"body":"{\"id\":7}" "method":"DELETE"`},
		{"patch", "/echo", "", `"body":"" "method":"PATCH" "type":""`},
		{"get", "/a%2Fb?x=1&y[z]=2&k=v", `{"x":2,"y":null,"where":{"a":[1,"b c"]},"f":1.5}`, `"uri":"/base/a%2Fb?k=v\u0026f=1.5\u0026where%5Ba%5D%5B0%5D=1\u0026where%5Ba%5D%5B1%5D=b+c\u0026x=2\u0026y="`},
		{"get", "/d", `{"a":{"b":{"c":{"d":{"e":{"f":{"g":1}}}}}}}`, `%5Bf%5D=%7B%22g%22%3A1%7D"`},
		{"head", "/echo", "", `"method":"GET"`}, // RS-30
	} {
		res := ask(t, c, test.method, test.url, test.data)
		for _, part := range strings.Split(test.want, " ") {
			if !strings.Contains(string(res.Body), part) {
				t.Errorf("%s %s: no %s in %s", test.method, test.url, part, res.Body)
			}
		}
		if !strings.Contains(string(res.Body), `"accept":"application/json"`) || len(res.Header) != 0 {
			t.Errorf("%s %v", res.Body, res.Header)
		}
	}
	long := `{"a":"` + strings.Repeat("x", 40<<10) + `"}`
	if res := ask(t, c, "get", "/echo", long); res.StatusCode != 400 {
		t.Errorf("40 KiB in a query: %d", res.StatusCode)
	}
	many := `{"a":[` + strings.TrimSuffix(strings.Repeat("1,", 9000), ",") + `]}`
	if res := ask(t, c, "get", "/echo", many); res.StatusCode != 400 {
		t.Errorf("a long list in a query: %d", res.StatusCode)
	}
}

// Section 3.2: what the same answers are over a socket of Node.
func TestVirtual_Answers(t *testing.T) {
	t.Parallel()
	c := socket(t, proxy(t, frontdoor.Config{MaxAnswer: 1000, Target: old(t, func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("X-Powered-By", "Sails <sailsjs.com>")
		h.Set("Etag", "x")
		write := func(kind, body string) { h.Set("Content-Type", kind); _, _ = io.WriteString(w, body) }
		switch r.URL.Path {
		case "/object":
			write("application/json; charset=utf-8", "{\n  \"a\": 1\n}")
		case "/string":
			write("application/json; charset=utf-8", `"quoted"`)
		case "/text":
			write("text/html; charset=utf-8", "hello")
		case "/empty":
			write("text/html; charset=utf-8", "")
		case "/css":
			write("text/css", "a{}")
		case "/bytes":
			write("application/octet-stream", "\x00\x01")
		case "/broken":
			write("application/json", "{")
		case "/created":
			h.Set("Location", "/thing/1")
			h.Set("X-One", "first")
			w.WriteHeader(201)
		case "/redirect":
			h.Set("Location", "/echo?from=redirect")
			w.WriteHeader(302)
		case "/big":
			write("text/plain; charset=utf-8", strings.Repeat("x", 2000))
		case "/gone":
			panic(http.ErrAbortHandler)
		}
	})}), nil)
	for path, want := range map[string]string{
		"/object":   `200 {"a":1} {}`,
		"/string":   `200 "\"quoted\"" {"content-type":"application/json"}`, // SU-6
		"/text":     `200 "hello" {}`,
		"/empty":    `200 "" {}`,
		"/css":      `200 "a{}" {"Content-Type":"text/css","content-type":"text/css"}`,
		"/broken":   `200 "{" {}`,
		"/created":  `201  {"Location":"/thing/1","X-One":"first","location":"/thing/1","x-one":"first"}`,
		"/redirect": `302 "Redirecting to /echo?from=redirect" {"Location":"/echo?from=redirect","content-type":"text/html","location":"/echo?from=redirect"}`,
		"/big":      `502 "Bad Gateway" {}`,
		"/gone":     `502 "Bad Gateway" {}`,
	} {
		res := ask(t, c, "get", path, "")
		header, _ := json.Marshal(res.Header)
		if got := fmt.Sprintf("%d %s %s", res.StatusCode, compact(res.Body), header); got != want {
			t.Errorf("%s:\ngot  %s\nwant %s", path, got, want)
		}
	}
	if res := ask(t, c, "get", "/bytes", ""); res.StatusCode != 200 {
		t.Errorf("bytes: %+v", res)
	}
}

func compact(body []byte) string {
	var v any
	if json.Unmarshal(body, &v) != nil {
		return string(body)
	}
	out, _ := json.Marshal(v)
	return string(out)
}

// Cookies that an answer sets stay with the socket, and go when they end.
func TestVirtual_Cookies(t *testing.T) {
	t.Parallel()
	c := socket(t, proxy(t, frontdoor.Config{Target: old(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/set":
			http.SetCookie(w, &http.Cookie{Name: "a", Value: "1"})
			http.SetCookie(w, &http.Cookie{Name: "b", Value: "2"})
		case "/change":
			http.SetCookie(w, &http.Cookie{Name: "a", Value: "3"})
			http.SetCookie(w, &http.Cookie{Name: "b", Expires: time.Unix(1, 0)})
		case "/huge":
			http.SetCookie(w, &http.Cookie{Name: "c", Value: strings.Repeat("x", 20<<10)})
		}
		inspect(w, r)
	})}), nil)
	for _, step := range []struct{ path, want string }{{"/look", ""}, {"/set", ""}, {"/look", "a=1; b=2"}, {"/change", "a=1; b=2"}, {"/huge", "a=3"}, {"/look", "a=3"}} {
		res := ask(t, c, "get", step.path, "")
		if !strings.Contains(string(res.Body), `"cookie":"`+step.want+`"`) {
			t.Errorf("%s: %s, want cookie %q", step.path, res.Body, step.want)
		}
		for name := range res.Header {
			if strings.EqualFold(name, "set-cookie") { // RS-4
				t.Errorf("%s: %v", step.path, res.Header)
			}
		}
	}
}

// The session of a socket without a cookie is in the store before the other server
// looks for it.
func TestVirtual_SharedSession(t *testing.T) {
	t.Parallel()
	store, err := session.NewMemoryStore(session.MemoryConfig{})
	if err != nil {
		t.Fatal(err)
	}
	sessions, err := session.New(session.Config{Store: store, Secrets: []string{"a-secret-for-tests-0123456789-abcdefgh"}})
	if err != nil {
		t.Fatal(err)
	}
	found := make(chan error, 1)
	c := socket(t, proxy(t, frontdoor.Config{Target: old(t, func(w http.ResponseWriter, r *http.Request) {
		cookie, err := r.Cookie("sails.sid")
		if err == nil {
			sid, _, _ := strings.Cut(strings.TrimPrefix(cookie.Value, "s%3A"), ".")
			_, err = store.Get(r.Context(), sid)
		}
		found <- err
		inspect(w, r)
	})}), sessions)
	ask(t, c, "get", "/x", "")
	if err := <-found; err != nil {
		t.Error(err)
	}
}

func TestFailures(t *testing.T) {
	t.Parallel()
	dead := httptest.NewServer(http.NotFoundHandler())
	dead.Close()
	p := proxy(t, frontdoor.Config{Target: dead.URL})
	w := httptest.NewRecorder()
	p.ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
	if w.Code != http.StatusBadGateway {
		t.Errorf("nobody there: %d", w.Code)
	}

	// One request at a time; the next one is refused, not queued.
	entered, leave := make(chan struct{}), make(chan struct{})
	p = proxy(t, frontdoor.Config{MaxInFlight: 1, Target: old(t, func(http.ResponseWriter, *http.Request) { close(entered); <-leave })})
	done := make(chan int)
	go func() {
		w := httptest.NewRecorder()
		p.ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
		done <- w.Code
	}()
	<-entered
	w = httptest.NewRecorder()
	p.ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
	if w.Code != http.StatusServiceUnavailable {
		t.Errorf("one too many: %d", w.Code)
	}
	close(leave)
	if code := <-done; code != 200 {
		t.Errorf("the first: %d", code)
	}

	// Too slow, and a client that goes away.
	hold := make(chan struct{})
	slow := old(t, func(http.ResponseWriter, *http.Request) { <-hold })
	t.Cleanup(func() { close(hold) })
	p = proxy(t, frontdoor.Config{Target: slow, Timeout: time.Millisecond})
	w = httptest.NewRecorder()
	p.ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
	if w.Code != http.StatusGatewayTimeout {
		t.Errorf("too slow: %d", w.Code)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	p.ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(ctx, "GET", "/", nil))
}

func TestNew_Mistakes(t *testing.T) {
	t.Parallel()
	for _, cfg := range []frontdoor.Config{
		{}, {Target: "localhost:1338"}, {Target: "ftp://a"}, {Target: "http://"}, {Target: "http://u:p@a"}, {Target: "http://a?b"}, {Target: "http://a#b"}, {Target: "%"},
		{Target: "http://a", MaxInFlight: -1}, {Target: "http://a", MaxAnswer: -1},
	} {
		if _, err := frontdoor.New(cfg); err == nil {
			t.Errorf("%+v was accepted", cfg)
		}
	}
	p, err := frontdoor.New(frontdoor.Config{Target: "http://a", Transport: http.DefaultTransport})
	if err != nil {
		t.Fatal(err)
	}
	p.Close() // somebody else's transport
}

// A router's last resort.
func ExampleNew() {
	node := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "Node answers ", r.URL.Path) }))
	defer node.Close()
	old, err := frontdoor.New(frontdoor.Config{Target: node.URL})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer old.Close()
	mux := http.NewServeMux()
	mux.Handle("/", old)
	mux.HandleFunc("/ported", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "Go answers /ported") })
	for _, path := range []string{"/ported", "/not/yet"} {
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
		fmt.Println(w.Body)
	}
	// Output:
	// Go answers /ported
	// Node answers /not/yet
}
