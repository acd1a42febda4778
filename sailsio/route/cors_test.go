package route_test

import (
	"maps"
	"net/http"
	"strings"
	"testing"

	"github.com/go-sails/sails/sailsio/route"
)

var everyRoute = route.CORSConfig{
	AllRoutes: true, AllowOrigins: []string{"http://one.example", "http://two.example:8080"}, AllowCredentials: true,
	AllowMethods: strings.Split("GET,POST,PUT,PATCH,DELETE,OPTIONS", ","), AllowHeaders: []string{"content-type", "x-custom"},
}

// CO-1, CO-2, RS-32: the headers Sails sends, request by request, with CORS
// switched on for all routes and for single ones only.
func TestCORS_LikeSails(t *testing.T) {
	routers := map[string]*route.Router{
		"none": mustNew(t, route.Config{Routes: table()}),
		"all":  mustNew(t, route.Config{Routes: table(), CORS: everyRoute}),
	}
	for _, c := range golden[struct {
		General, Method, Path, Origin, Asks string
		Status                              int
		Headers                             map[string]string
	}](t, "cors.json") {
		header := map[string]string{}
		if c.Origin != "" {
			header["Origin"] = c.Origin
		}
		if c.Asks != "" {
			header["Access-Control-Request-Method"] = c.Asks
		}
		res := overHTTP(t, routers[c.General], c.Method, c.Path, header, "")
		got := map[string]string{}
		for name := range res.Header {
			if low := strings.ToLower(name); strings.HasPrefix(low, "access-control") || low == "vary" || low == "allow" {
				got[low] = res.Header.Get(name)
			}
		}
		if res.StatusCode != c.Status || !maps.Equal(got, c.Headers) {
			t.Errorf("%s: %s %s from %q asking %q: %d %v, Sails %d %v", c.General, c.Method, c.Path, c.Origin, c.Asks, res.StatusCode, got, c.Status, c.Headers)
		}
	}
}

// CO-2: virtual requests have the headers in their JWR, with the handshake's
// origin, and are never blocked.
func TestCORS_OverSockets(t *testing.T) {
	rt := mustNew(t, route.Config{Routes: table(), CORS: everyRoute})
	res := overSocket(t, rt, "get", "/echo", "http://one.example")
	want := map[string]any{"access-control-allow-origin": "http://one.example", "vary": "Origin", "access-control-allow-credentials": "true"}
	if res.StatusCode != 200 || !maps.Equal(res.Header, want) {
		t.Errorf("allowed origin: %d %v", res.StatusCode, res.Header)
	}
	if res = overSocket(t, rt, "get", "/echo", "http://evil.example"); res.StatusCode != 200 || len(res.Header) != 0 {
		t.Errorf("other origin: %d %v", res.StatusCode, res.Header)
	}
	res = overSocket(t, rt, "options", "/echo", "http://one.example") // RS-32
	want["access-control-allow-methods"] = "GET,POST,PUT,PATCH,DELETE,OPTIONS"
	want["access-control-allow-headers"] = "content-type,x-custom"
	if res.StatusCode != 200 || res.Body != nil || !maps.Equal(res.Header, want) {
		t.Errorf("options: %d %v %v", res.StatusCode, res.Body, res.Header)
	}
}

// NoCORS takes the general settings away, in answers and preflights.
func TestCORS_NoCORS(t *testing.T) {
	routes := []route.Route{
		{Address: "GET /closed", Handler: tell("x"), NoCORS: true},
		{Address: "PUT /closed", Handler: tell("y")},
	}
	for name, general := range map[string]route.CORSConfig{"all": everyRoute, "none": {}} {
		rt := mustNew(t, route.Config{Routes: routes, CORS: general})
		header := map[string]string{"Origin": "http://one.example", "Access-Control-Request-Method": "GET"}
		for _, method := range []string{"GET", "HEAD", "OPTIONS"} {
			if res := overHTTP(t, rt, method, "/closed", header, ""); res.Header.Get("Access-Control-Allow-Origin") != "" {
				t.Errorf("%s: %s has CORS headers", name, method)
			}
		}
		header["Access-Control-Request-Method"] = "put"
		if res := overHTTP(t, rt, "OPTIONS", "/closed", header, ""); (res.Header.Get("Access-Control-Allow-Origin") != "") != (name == "all") {
			t.Errorf("%s: preflight for PUT: %v", name, res.Header)
		}
	}
}

func TestCORS_Middleware(t *testing.T) {
	reflecting, err := route.NewCORS(route.CORSConfig{AllowCredentials: true, AnyOriginWithCredentials: true})
	if err != nil {
		t.Fatal(err)
	}
	h := reflecting.Handler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.Header().Add("X", "y") }))
	varied := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Vary", "Accept, origin")
		h.ServeHTTP(w, r)
	})
	res := overHTTP(t, varied, "GET", "/", map[string]string{"Origin": "https://any.example"}, "")
	if res.Header.Get("Access-Control-Allow-Origin") != "https://any.example" || res.Header.Get("Vary") != "Accept, origin" || res.Header.Get("X") != "y" { // CO-4
		t.Errorf("%v", res.Header)
	}
	if res = overHTTP(t, h, "OPTIONS", "/", map[string]string{"Origin": "https://any.example"}, ""); res.Header.Get("X") != "" || res.Header.Get("Access-Control-Allow-Headers") != "content-type" {
		t.Errorf("preflight %v", res.Header)
	}
	if res = overHTTP(t, h, "GET", "/", nil, ""); res.Header.Get("Access-Control-Allow-Origin") != "" {
		t.Errorf("without origin %v", res.Header)
	}
}

func TestNewCORS_Refuses(t *testing.T) {
	for _, origin := range []string{"one.example", "//one.example", "ftp://one.example", "http://one.example/", "http://one.example/x", "http://one.example:80", "https://one.example:443", "http://u@one.example", "http://one.example?", "http://one.example#", "", "http://", ":", "null"} {
		if _, err := route.NewCORS(route.CORSConfig{AllowOrigins: []string{origin}}); err == nil {
			t.Errorf("origin %q accepted", origin)
		}
	}
	for _, cfg := range []route.CORSConfig{
		{AllowCredentials: true},
		{AllowOrigins: []string{"*", "http://one.example"}},
		{AllowHeaders: []string{"a\r\nb"}},
	} {
		if _, err := route.NewCORS(cfg); err == nil {
			t.Errorf("%+v accepted", cfg)
		}
	}
}
