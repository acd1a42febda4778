package route_test

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/go-sails/sails/sailsio/action"
	"github.com/go-sails/sails/sailsio/route"
	"github.com/go-sails/sails/virtualrequest"
)

// told is what the handlers below answer.
type told struct {
	Action string            `json:"action"`
	Params map[string]string `json:"params"`
}

// tell answers with its name and the path parameters.
func tell(name string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		params := map[string]string{}
		for _, p := range action.PathParams(r) {
			params[p.Name] = p.Value
			if r.PathValue(p.Name) != p.Value {
				panic("PathValue and PathParams differ")
			}
		}
		action.JSON(w, r, told{name, params})
	})
}

func mustNew(t testing.TB, cfg route.Config) *route.Router {
	t.Helper()
	rt, err := route.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return rt
}

// overHTTP serves one request; target is taken as it is, escapes and all.
func overHTTP(t testing.TB, h http.Handler, method, target string, header map[string]string, body string) *http.Response {
	t.Helper()
	u, err := url.ParseRequestURI(target)
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest(method, "/", strings.NewReader(body))
	r.URL = u
	for k, v := range header {
		r.Header.Set(k, v)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result()
}

func bodyOf(t testing.TB, res *http.Response) string {
	t.Helper()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// overSocket serves one virtual request.
func overSocket(t testing.TB, h http.Handler, event, target string, origin string) *virtualrequest.Response {
	t.Helper()
	message, err := json.Marshal(map[string]any{"url": target, "headers": map[string]string{}, "data": map[string]any{}})
	if err != nil {
		t.Fatal(err)
	}
	r, err := virtualrequest.Parse(event, message)
	if err != nil {
		t.Fatal(err)
	}
	handshake := httptest.NewRequest("GET", "/socket.io/", nil)
	if origin != "" {
		handshake.Header.Set("Origin", origin)
	}
	d := &virtualrequest.Dispatcher{Handler: h}
	return d.Serve(t.Context(), virtualrequest.NewOrigin(handshake), r)
}

func golden[T any](t testing.TB, name string) []T {
	t.Helper()
	data, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	var list []T
	if err := json.Unmarshal(data, &list); err != nil {
		t.Fatal(err)
	}
	return list
}

// table is what testdata/matching.json and cors.json were recorded with, from
// Sails 1.5.18.
func table() []route.Route {
	on := func(address, name string) route.Route { return route.Route{Address: address, Handler: tell(name)} }
	off := func(address, name string) route.Route {
		return route.Route{Address: address, Handler: tell(name), SkipAssets: route.Off}
	}
	cors := func(address, name string, cfg route.CORSConfig) route.Route {
		return route.Route{Address: address, Handler: tell(name), CORS: &cfg}
	}
	return []route.Route{
		on("GET /t/:id", "a"), on("/t/:a/:b?", "b"), on("GET /t/new", "c"), on("PATCH /t/:id", "d"), on("ALL /all/x", "e"),
		off("/file/:name.:ext", "f"), on(`/num/:n(\d+)`, "g"), on("/multi/:a-:b", "h"), on("/opt/:x?/:y?", "i"), on("/rep/:x+", "j"),
		on("/star/*/end", "k"), off("r|^/rx/(a|b)/?(.*)$|one", "l"), on("/UPPER/Case", "m"), on("OPTIONS /t/opt", "n"), off("/zs*", "o"),
		{Address: "/abs", Redirect: "http://elsewhere.example/a b?x=1"},
		cors("GET /cors/true", "q", route.CORSConfig{}),
		cors("PUT /cors/str", "r", route.CORSConfig{AllowOrigins: []string{"http://one.example"}}),
		cors("/cors/any", "s", route.CORSConfig{
			AllowOrigins: []string{"http://three.example"}, AllowMethods: []string{"GET", "PUT"},
			AllowHeaders: []string{"x-a"}, ExposeHeaders: []string{"x-b", "x-c"},
		}),
		on("GET /tok/:id?", "t"), on("/res2/:kind/", "u"), on("HEAD /hh", "v"),
		on("/echo", "params"), on("/echo/p/:first/:second?", "params"), off("/echo/wild/*", "params"), on("OPTIONS /echo/opt", "params"),
		off(`r|^/echo/re/(\d+)/(\w+)$|num,word`, "params"),
		cors("GET /cors/open", "params", route.CORSConfig{AllowOrigins: []string{"http://one.example", "http://two.example"}, AllowCredentials: true}),
	}
}

// VR-8, VR-9, VR-10, RS-30, RS-31: what Sails answers, request by request.
func TestRouter_MatchesLikeSails(t *testing.T) {
	rt := mustNew(t, route.Config{Routes: table()})
	for _, c := range golden[struct {
		Method, Path, Action, Location string
		Status                         int
		Params                         map[string]string
	}](t, "matching.json") {
		res := overHTTP(t, rt, c.Method, c.Path, nil, "")
		var got told
		if body := bodyOf(t, res); c.Action != "" {
			if err := json.Unmarshal([]byte(body), &got); err != nil {
				t.Errorf("%s %s: %d %q", c.Method, c.Path, res.StatusCode, body)
				continue
			}
		}
		if res.StatusCode != c.Status || got.Action != c.Action || !maps.Equal(got.Params, c.Params) || res.Header.Get("Location") != c.Location {
			t.Errorf("%s %s: %d %+v %q, Sails %d %s %v %q", c.Method, c.Path, res.StatusCode, got, res.Header.Get("Location"), c.Status, c.Action, c.Params, c.Location)
		}
		if strings.Contains(c.Path, "//") {
			continue // SEC-64: virtual requests come with a clean path
		}
		if c.Method != "OPTIONS" && c.Method != "HEAD" && c.Location == "" && c.Status != 400 {
			over := overSocket(t, rt, strings.ToLower(c.Method), c.Path, "")
			got = told{}
			if text, ok := over.Body.(json.RawMessage); ok {
				if err := json.Unmarshal(text, &got); err != nil {
					t.Error(err)
				}
			}
			if over.StatusCode != c.Status || got.Action != c.Action {
				t.Errorf("socket %s %s: %d %+v, Sails %d %s", c.Method, c.Path, over.StatusCode, got, c.Status, c.Action)
			}
		}
	}
}

// The order in which sort-route-addresses puts a table.
func TestRouter_OrderLikeSails(t *testing.T) {
	for _, c := range golden[struct{ In, Out []string }](t, "order.json") {
		got, err := route.SailsOrder(c.In)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(got, c.Out) {
			t.Errorf("order\n%q, Sails\n%q", got, c.Out)
		}
	}
}

func TestRouter_KeepOrder(t *testing.T) {
	rt := mustNew(t, route.Config{KeepOrder: true, Routes: []route.Route{
		{Address: "GET /:any", Handler: tell("first")},
		{Address: "GET /exact", Handler: tell("second")},
	}})
	if got := bodyOf(t, overHTTP(t, rt, "GET", "/exact", nil, "")); !strings.Contains(got, "first") {
		t.Errorf("answered %s", got)
	}
}

// VR-8: escapes that do not decode are a 400, over HTTP and over sockets.
func TestRouter_MalformedEscapes(t *testing.T) {
	rt := mustNew(t, route.Config{Routes: table()})
	const want = "Bad request: Could not decode requested URL."
	for _, path := range []string{"/t/%ff", "/nope/%c3%28"} {
		if res := overHTTP(t, rt, "GET", path, nil, ""); res.StatusCode != 400 || bodyOf(t, res) != want {
			t.Errorf("%s: %d", path, res.StatusCode)
		}
		if res := overSocket(t, rt, "get", path, ""); res.StatusCode != 400 || res.Body != want {
			t.Errorf("socket %s: %d %v", path, res.StatusCode, res.Body)
		}
	}
}

// RS-31, CN-54: OPTIONS has an answer for every path.
func TestRouter_Options(t *testing.T) {
	rt := mustNew(t, route.Config{Routes: table(), NotFound: tell("other router")})
	res := overSocket(t, rt, "options", "/nope", "")
	got, err := json.Marshal(res)
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"headers":{"allow":"DELETE, GET, HEAD, PATCH, POST, PUT","content-length":35,"content-type":"text/plain","x-content-type-options":"nosniff"},"statusCode":200}`
	if string(got) != want {
		t.Errorf("socket: %s\nwant    %s", got, want)
	}
	over := overHTTP(t, rt, "OPTIONS", "/__getcookie", nil, "")
	if body := bodyOf(t, over); over.StatusCode != 200 || over.Header.Get("Allow") != "GET,HEAD,PUT,POST,DELETE,PATCH" || body != over.Header.Get("Allow") {
		t.Errorf("HTTP: %d %v %q", over.StatusCode, over.Header, body)
	}
	forwarding := mustNew(t, route.Config{Routes: table(), NotFound: tell("other router"), ForwardOptions: true})
	if body := bodyOf(t, overHTTP(t, forwarding, "OPTIONS", "/nope", nil, "")); !strings.Contains(body, "other router") {
		t.Errorf("forwarded: %q", body)
	}
}

func TestRouter_NotFound(t *testing.T) {
	rt := mustNew(t, route.Config{Routes: table()})
	if res := overHTTP(t, rt, "GET", "/nope", nil, ""); res.StatusCode != 404 || bodyOf(t, res) != "Not Found" {
		t.Errorf("%d", res.StatusCode)
	}
	if res := overSocket(t, rt, "get", "/nope", ""); res.StatusCode != 404 || res.Body != "Not Found" || len(res.Header) != 0 {
		t.Errorf("socket: %+v", res)
	}
	rt = mustNew(t, route.Config{Routes: table(), NotFound: tell("other router")})
	for _, path := range []string{"/nope", "/t/a.b"} { // VR-10: assets go on as well
		if got := bodyOf(t, overHTTP(t, rt, "GET", path, nil, "")); path == "/nope" && !strings.Contains(got, "other router") {
			t.Errorf("%s: %s", path, got)
		}
	}
}

// v03: a static redirect, over HTTP and over a socket.
func TestRouter_Redirect(t *testing.T) {
	rt := mustNew(t, route.Config{Routes: []route.Route{{Address: "GET /go/redirect", Redirect: "/echo?from=static-redirect"}}})
	if res := overHTTP(t, rt, "GET", "/go/redirect", nil, ""); res.StatusCode != 302 || res.Header.Get("Location") != "/echo?from=static-redirect" {
		t.Errorf("%d %v", res.StatusCode, res.Header)
	}
	if res := overSocket(t, rt, "get", "/go/redirect", ""); res.StatusCode != 302 || res.Header["Location"] != "/echo?from=static-redirect" || res.Body != "Redirecting to /echo?from=static-redirect" {
		t.Errorf("socket: %+v", res)
	}
}

// SEC-79: names without meaning.
func TestRouter_PrototypeLikeParameters(t *testing.T) {
	rt := mustNew(t, route.Config{Routes: []route.Route{{Address: "/x/:__proto__/:constructor", Handler: tell("x")}}})
	var got told
	if err := json.Unmarshal([]byte(bodyOf(t, overHTTP(t, rt, "GET", "/x/a/b", nil, ""))), &got); err != nil {
		t.Fatal(err)
	}
	if !maps.Equal(got.Params, map[string]string{"__proto__": "a", "constructor": "b"}) {
		t.Errorf("params %v", got.Params)
	}
}

func TestNew_Refuses(t *testing.T) {
	h := tell("x")
	policies, err := route.NewPolicies(route.PolicyConfig{})
	if err != nil {
		t.Fatal(err)
	}
	for name, cfg := range map[string]route.Config{
		"nothing to do":     {Routes: []route.Route{{Address: "/a"}}},
		"unknown action":    {Routes: []route.Route{{Address: "/a", Action: "user/find"}}},
		"redirect and more": {Routes: []route.Route{{Address: "/a", Redirect: "/b", Handler: h}}},
		"relative redirect": {Routes: []route.Route{{Address: "/a", Redirect: "b"}}},
		"no path":           {Routes: []route.Route{{Address: "GET", Handler: h}}},
		"unknown verb":      {Routes: []route.Route{{Address: "FETCH /a", Handler: h}}},
		"blank in the path": {Routes: []route.Route{{Address: "/a b", Handler: h}}},
		"length":            {Routes: []route.Route{{Address: "/a/:length", Handler: h}}},
		"empty expression":  {Routes: []route.Route{{Address: "r||a", Handler: h}}},
		"bad expression":    {Routes: []route.Route{{Address: "r|^/(|a", Handler: h}}},
		"look-ahead":        {Routes: []route.Route{{Address: "r|^/(?!x)|", Handler: h}}},
		"bad pattern":       {Routes: []route.Route{{Address: "/a/:b([)", Handler: h}}},
		"long address":      {Routes: []route.Route{{Address: "/" + strings.Repeat("a", 5000), Handler: h}}},
		"no policies":       {Routes: []route.Route{{Address: "/a", Handler: h, Policies: []string{"x"}}}},
		"unknown policy":    {Routes: []route.Route{{Address: "/a", Handler: h, Policies: []string{"x"}}}, Policies: policies},
		"CORS and none":     {Routes: []route.Route{{Address: "/a", Handler: h, NoCORS: true, CORS: &route.CORSConfig{}}}},
		"unsafe CORS":       {CORS: route.CORSConfig{AllowCredentials: true}},
		"unsafe route CORS": {Routes: []route.Route{{Address: "/a", Handler: h, CORS: &route.CORSConfig{AllowCredentials: true}}}},
		"too many routes":   {Routes: make([]route.Route, 100_001)},
		"named group":       {Routes: []route.Route{{Address: "/a(?P<n>x)", Handler: h}}},
	} {
		if _, err := route.New(cfg); err == nil {
			t.Errorf("%s: accepted", name)
		} else if !strings.HasPrefix(err.Error(), "route: ") {
			t.Errorf("%s: error %q", name, err)
		}
	}
}

// A lookup must not look at every route: with a thousand routes it may not cost
// much more than with ten.
func BenchmarkRouter(b *testing.B) {
	for _, n := range []int{10, 1000, 10000} {
		b.Run(fmt.Sprintf("routes=%d", n), func(b *testing.B) {
			var routes []route.Route
			ok := http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})
			for i := range n {
				routes = append(routes, route.Route{Address: fmt.Sprintf("GET /api/v1/thing%d/:id/edit", i), Handler: ok})
			}
			rt := mustNew(b, route.Config{Routes: routes})
			r := httptest.NewRequest("GET", fmt.Sprintf("/api/v1/thing%d/42/edit", n/2), nil)
			w := httptest.NewRecorder()
			b.ReportAllocs()
			for b.Loop() {
				rt.ServeHTTP(w, r)
			}
		})
	}
}

// FuzzAddress: a table of one arbitrary route never panics, and what compiles
// answers requests.
func FuzzAddress(f *testing.F) {
	for _, r := range table() {
		f.Add(r.Address, "/t/1/2")
	}
	f.Add(`/a/:x(a|b)*?`, "/a/b")
	f.Add(`/a(/:b`, "//")
	f.Add(`GET /:x-:y.:z?/(\d+)`, "/1-2.3/4")
	f.Fuzz(func(t *testing.T, address, path string) {
		rt, err := route.New(route.Config{Routes: []route.Route{{Address: address, Handler: tell("x"), SkipAssets: route.Off}}})
		if err != nil {
			return
		}
		u, err := url.ParseRequestURI(path)
		if err != nil || !strings.HasPrefix(path, "/") {
			return
		}
		r := httptest.NewRequest("GET", "/", nil)
		r.URL = u
		w := httptest.NewRecorder()
		rt.ServeHTTP(w, r)
		if w.Code != 200 && w.Code != 404 && w.Code != 400 && w.Code != 302 {
			t.Fatalf("%q %q: %d", address, path, w.Code)
		}
	})
}
