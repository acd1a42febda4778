package route_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/go-sails/sails/sailsio/action"
	"github.com/go-sails/sails/sailsio/route"
	"github.com/go-sails/sails/sailsio/session"
	"github.com/go-sails/sails/virtualrequest"
)

func sessions(t testing.TB) *session.Manager {
	t.Helper()
	store, err := session.NewMemoryStore(session.MemoryConfig{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	m, err := session.New(session.Config{Secrets: []string{"conformance-secret-conformance-secret"}, Store: store})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

var echo = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
	if err := action.ParseBody(r); err != nil {
		http.Error(w, err.Error(), 400)
		return
	}
	action.JSON(w, r, action.AllParams(r))
})

func csrfConfig() route.Config {
	return route.Config{
		CSRF: true,
		Routes: []route.Route{
			{Address: "GET /csrf", Action: "security/grant-csrf-token"},
			{Address: "/echo", Handler: echo},
			{Address: "POST /csrf/exempt", Handler: echo, CSRF: route.Off},
			{Address: "POST /csrf/forced", Handler: echo, CSRF: route.On},
		},
		NotFound: echo, // stands for blueprints
	}
}

// visitor has a session and a token, got over HTTP.
type visitor struct {
	m             *session.Manager
	h             http.Handler
	cookie, token string
}

func visit(t testing.TB, cfg route.Config) *visitor {
	t.Helper()
	v := &visitor{m: sessions(t)}
	v.h = v.m.Handler(mustNew(t, cfg))
	res := overHTTP(t, v.h, "GET", "/csrf", nil, "")
	v.cookie, _, _ = strings.Cut(res.Header.Get("Set-Cookie"), ";")
	var answer struct {
		Token *string `json:"_csrf"`
	}
	if err := json.Unmarshal([]byte(bodyOf(t, res)), &answer); err != nil || answer.Token == nil || v.cookie == "" {
		t.Fatalf("no token: %v", err)
	}
	v.token = *answer.Token
	return v
}

func (v *visitor) send(t testing.TB, method, target, body string, header ...string) int {
	t.Helper()
	h := map[string]string{"Cookie": v.cookie}
	for i := 0; i < len(header); i += 2 {
		h[header[i]] = strings.ReplaceAll(header[i+1], "TOKEN", v.token)
	}
	target = strings.ReplaceAll(target, "TOKEN", v.token)
	return overHTTP(t, v.h, method, target, h, strings.ReplaceAll(body, "TOKEN", v.token)).StatusCode
}

// CS-7: tokens as the npm package csrf makes them.
func TestCSRF_TokenFormat(t *testing.T) {
	for _, c := range []struct{ secret, salt, token string }{
		{"secretsecretsecretsecret", "abcdefgh", "abcdefgh-23OMdelI-QBnv8FT6TC46ftAwSY"},
		{"Zk3-_9aaaaaaaaaaaaaaaaaa", "ABCD0123", "ABCD0123-q4RRX71frGgKrbO38hvluOciUss"},
	} {
		if got := route.NewTokenFor(c.secret, c.salt); got != c.token {
			t.Errorf("token %q, Node has %q", got, c.token)
		}
		if !route.VerifyToken(c.secret, c.token) || route.VerifyToken(c.secret+"x", c.token) || route.VerifyToken("", c.token) {
			t.Errorf("%q does not verify as it should", c.token)
		}
		for _, bad := range []string{"", "-", c.token + "A", c.token[1:], c.salt, c.salt + "-", strings.Repeat("a-", 500)} {
			if route.VerifyToken(c.secret, bad) {
				t.Errorf("%q verifies", bad)
			}
		}
	}
}

// SE-24: the secret of the tokens is in the session, where csurf looks for it.
func TestCSRF_SecretInSession(t *testing.T) {
	var secret string
	cfg := csrfConfig()
	cfg.Routes = append(cfg.Routes, route.Route{Address: "GET /secret", Handler: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if s, ok := session.FromContext(r.Context()); ok {
			secret = session.Value[string](s, "csrfSecret")
		}
	})})
	v := visit(t, cfg)
	v.send(t, "GET", "/secret", "")
	if len(secret) != 24 || !route.VerifyToken(secret, v.token) {
		t.Errorf("secret %q, token %q", secret, v.token)
	}
}

// CS-1, CS-2, CS-3, CS-8, SEC-78: who needs a token and where it may be.
func TestCSRF_OverHTTP(t *testing.T) {
	v := visit(t, csrfConfig())
	if len(v.token) != 36 {
		t.Fatalf("token %q", v.token)
	}
	for _, method := range []string{"POST", "PUT", "PATCH", "DELETE", "TRACE", "ODD"} {
		for _, path := range []string{"/echo", "/vet", "/nope"} {
			if got := v.send(t, method, path, ""); got != 403 {
				t.Errorf("%s %s without a token: %d", method, path, got)
			}
		}
	}
	for _, method := range []string{"GET", "HEAD", "OPTIONS"} {
		if got := v.send(t, method, "/echo", ""); got != 200 {
			t.Errorf("%s without a token: %d", method, got)
		}
	}
	const form = "application/x-www-form-urlencoded"
	for _, c := range []struct {
		target, body string
		header       []string
		want         int
	}{
		{"/echo", "", []string{"Csrf-Token", "TOKEN"}, 200},
		{"/echo", "", []string{"Xsrf-Token", "TOKEN"}, 200},
		{"/echo", "", []string{"X-Csrf-Token", "TOKEN"}, 200},
		{"/echo", "", []string{"X-Xsrf-Token", "TOKEN"}, 200},
		{"/vet", "", []string{"X-Csrf-Token", "TOKEN"}, 200},
		{"/echo", "", []string{"X-Nope", "TOKEN"}, 403},
		{"/echo", "", []string{"X-Csrf-Token", "TOKENx"}, 403},
		{"/echo?_csrf=TOKEN", "", nil, 200},
		{"/echo?_csrf=bad", "", []string{"X-Csrf-Token", "TOKEN"}, 403},
		{"/echo?_csrf=", "", []string{"X-Csrf-Token", "TOKEN"}, 200},
		{"/echo?_csrf=TOKEN&_csrf=TOKEN", "", nil, 403},
		{"/echo", `{"_csrf":"TOKEN","a":1}`, []string{"Content-Type", "application/json"}, 200},
		{"/echo", `{"_csrf":"bad"}`, []string{"Content-Type", "application/json"}, 403},
		{"/echo?_csrf=TOKEN", `{"_csrf":null}`, []string{"Content-Type", "application/json"}, 200},
		{"/echo", `{"_csrf":["TOKEN"]}`, []string{"Content-Type", "application/json"}, 403},
		{"/echo", `["TOKEN"]`, []string{"Content-Type", "application/json"}, 403},
		{"/echo", `{"a":{"_csrf":"TOKEN"}}`, []string{"Content-Type", "application/json"}, 403},
		{"/echo?_csrf=TOKEN", `[1]`, []string{"Content-Type", "application/json"}, 200}, // CS-2
		{"/echo", `_csrf=TOKEN`, []string{"Content-Type", form}, 200},
		{"/echo", `a=1`, []string{"Content-Type", form}, 403},
		{"/echo", `_csrf=TOKEN`, []string{"Content-Type", "text/plain"}, 403},
		{"/csrf/exempt", `{"x":1}`, []string{"Content-Type", "application/json"}, 200},
		{"/CSRF/exempt/", "", nil, 200},
		{"/csrf/forced", "", nil, 403},
		{"/csrf/forced", "", []string{"X-Csrf-Token", "TOKEN"}, 200},
		{"/echo", "", []string{"Cookie", "", "X-Csrf-Token", "TOKEN"}, 403}, // another session
	} {
		if got := v.send(t, "POST", c.target, c.body, c.header...); got != c.want {
			t.Errorf("%s %q %q: %d, want %d", c.target, c.body, c.header, got, c.want)
		}
	}
	// The body can be read again behind the check.
	res := overHTTP(t, v.h, "POST", "/echo", map[string]string{"Cookie": v.cookie, "Content-Type": form}, "a=1&_csrf="+url.QueryEscape(v.token))
	if got := bodyOf(t, res); !strings.Contains(got, `"a"`) {
		t.Errorf("handler sees %q", got)
	}
	if res = overHTTP(t, v.h, "POST", "/echo", nil, ""); res.StatusCode != 403 || bodyOf(t, res) != "Forbidden" { // CS-3
		t.Errorf("refused with %d", res.StatusCode)
	}
}

// CS-4: without a session nothing gets through, and nobody gets a token.
func TestCSRF_WithoutSession(t *testing.T) {
	rt := mustNew(t, csrfConfig())
	if res := overHTTP(t, rt, "POST", "/echo", map[string]string{"X-Csrf-Token": "x"}, ""); res.StatusCode != 403 {
		t.Errorf("POST: %d", res.StatusCode)
	}
	res := overHTTP(t, rt, "GET", "/csrf", nil, "")
	var answer map[string]string
	if err := json.Unmarshal([]byte(bodyOf(t, res)), &answer); err != nil || answer["_csrf"] != "" {
		t.Errorf("token %v, %v", answer, err)
	}
}

// CS-5: off, the action grants an empty token; single routes may be protected
// all the same (CS-8).
func TestCSRF_Off(t *testing.T) {
	cfg := csrfConfig()
	cfg.CSRF = false
	v := visit(t, cfg)
	if v.token != "" {
		t.Errorf("token %q", v.token)
	}
	if got := v.send(t, "POST", "/echo", ""); got != 200 {
		t.Errorf("unprotected: %d", got)
	}
	if got := v.send(t, "POST", "/csrf/forced", ""); got != 403 {
		t.Errorf("forced: %d", got)
	}
}

// CS-6, SEC-78, scenario v31: tokens are spent over sockets, never got there.
func TestCSRF_OverSockets(t *testing.T) {
	for production, want := range map[bool]int{true: 404, false: 400} {
		cfg := csrfConfig()
		cfg.Production = production
		cfg.Routes = append(cfg.Routes, route.Route{Address: "/page", Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			token, err := route.CSRFToken(r.Context())
			fmt.Fprintf(w, "%q %v", token, err)
		})})
		v := visit(t, cfg)
		handshake := httptest.NewRequest("GET", "/socket.io/", nil)
		handshake.Header.Set("Cookie", v.cookie)
		cookies := v.m.NewSocketCookies(handshake)
		send := func(event, message string) *virtualrequest.Response {
			r, err := virtualrequest.Parse(event, []byte(strings.ReplaceAll(message, "TOKEN", v.token)))
			if err != nil {
				t.Fatal(err)
			}
			d := &virtualrequest.Dispatcher{Handler: v.h}
			return d.Serve(session.WithSocket(t.Context(), cookies), virtualrequest.NewOrigin(handshake), r)
		}
		if res := send("get", `{"url":"/csrf"}`); res.StatusCode != want || strings.Contains(fmt.Sprint(res.Body), v.token) {
			t.Errorf("production %v: %d %v", production, res.StatusCode, res.Body)
		}
		if res := send("get", `{"url":"/page"}`); res.Body != `"" <nil>` {
			t.Errorf("page over a socket: %v", res.Body)
		}
		for _, c := range []struct {
			message string
			want    int
		}{
			{`{"url":"/echo","data":{"x":1}}`, 403},
			{`{"url":"/vet","data":{"name":"blocked"}}`, 403},
			{`{"url":"/csrf/exempt","data":{"x":1}}`, 200},
			{`{"url":"/vet","data":{"name":"allowed","_csrf":"TOKEN"}}`, 200},
			{`{"url":"/vet","data":["a"],"headers":{"X-CSRF-Token":"TOKEN"}}`, 200},
			{`{"url":"/vet?_csrf=TOKEN","data":["a"]}`, 200},
			{`{"url":"/vet?_csrf=TOKEN","data":{"_csrf":"bad"}}`, 403},
		} {
			res := send("post", c.message)
			if res.StatusCode != c.want || c.want == 403 && (res.Body != "Forbidden" || len(res.Header) != 0) {
				t.Errorf("%s: %d %v %v", c.message, res.StatusCode, res.Body, res.Header)
			}
		}
		if res := send("get", `{"url":"/echo"}`); res.StatusCode != 200 {
			t.Errorf("get: %d", res.StatusCode)
		}
	}
}

// CSRF as plain middleware, with tokens for pages and exempt requests.
func TestCSRF_Middleware(t *testing.T) {
	c := route.NewCSRF(route.CSRFConfig{Exempt: func(r *http.Request) bool { return r.URL.Path == "/hook" }})
	m := sessions(t)
	h := m.Handler(c.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		token, err := route.CSRFToken(r.Context())
		if err != nil {
			t.Error(err)
		}
		fmt.Fprint(w, token)
	})))
	res := overHTTP(t, h, "GET", "/page", nil, "")
	token := bodyOf(t, res)
	cookie, _, _ := strings.Cut(res.Header.Get("Set-Cookie"), ";")
	another := bodyOf(t, overHTTP(t, h, "GET", "/page", map[string]string{"Cookie": cookie}, ""))
	if token == "" || token == another {
		t.Errorf("tokens %q and %q", token, another)
	}
	for _, tok := range []string{token, another} { // both stay valid
		if res := overHTTP(t, h, "POST", "/", map[string]string{"Cookie": cookie, "X-Csrf-Token": tok}, ""); res.StatusCode != 200 {
			t.Errorf("token %q: %d", tok, res.StatusCode)
		}
	}
	if res := overHTTP(t, h, "POST", "/hook", nil, ""); res.StatusCode != 200 || bodyOf(t, res) != "" {
		t.Errorf("exempt: %d", res.StatusCode)
	}
}

func FuzzCSRFToken(f *testing.F) {
	f.Add("secretsecretsecretsecret", "abcdefgh-23OMdelI-QBnv8FT6TC46ftAwSY")
	f.Add("", "-")
	f.Fuzz(func(t *testing.T, secret, token string) {
		salt, _, found := strings.Cut(token, "-")
		want := found && secret != "" && token == route.NewTokenFor(secret, salt) && len(token) <= 256
		if got := route.VerifyToken(secret, token); got != want {
			t.Fatalf("%q for %q: %v", token, secret, got)
		}
	})
}
