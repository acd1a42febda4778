package sailsio_test

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/go-sails/sails/engineio"
	"github.com/go-sails/sails/sailsio"
	"github.com/go-sails/sails/sailsio/sailstest"
	"github.com/go-sails/sails/socketio"
)

func TestNew_RefusesWhatMakesNoSense(t *testing.T) {
	anyone := func(*http.Request) error { return nil }
	for _, c := range []struct {
		rule string
		cfg  sailsio.Config
		want string
	}{
		{"CN-20", sailsio.Config{OnlyAllowOrigins: []string{}}, "E_INVALID_ONLY_ALLOW_ORIGINS"},
		{"CN-20", sailsio.Config{OnlyAllowOrigins: []string{""}}, "E_INVALID_ORIGIN"},
		{"CN-20", sailsio.Config{OnlyAllowOrigins: []string{"good.example"}}, "E_INVALID_ORIGIN"},
		{"CN-20", sailsio.Config{OnlyAllowOrigins: []string{"ftp://good.example"}}, "E_INVALID_ORIGIN"},
		{"CN-20", sailsio.Config{OnlyAllowOrigins: []string{"http://good.example/"}}, "E_INVALID_ORIGIN"},
		{"CN-20", sailsio.Config{OnlyAllowOrigins: []string{"http://good.example/path"}}, "E_INVALID_ORIGIN"},
		{"CN-20", sailsio.Config{OnlyAllowOrigins: []string{"http://good.example?x"}}, "E_INVALID_ORIGIN"},
		{"CN-20", sailsio.Config{OnlyAllowOrigins: []string{"http://user@good.example"}}, "E_INVALID_ORIGIN"},
		{"CN-20", sailsio.Config{OnlyAllowOrigins: []string{"http://good.example:80"}}, "E_INVALID_ORIGIN"},
		{"CN-20", sailsio.Config{OnlyAllowOrigins: []string{"https://good.example:443"}}, "E_INVALID_ORIGIN"},
		{"CN-20", sailsio.Config{OnlyAllowOrigins: []string{"http://"}}, "E_INVALID_ORIGIN"},
		{"CN-20", sailsio.Config{OnlyAllowOrigins: []string{"http://ok.example", "http://%zz"}}, "E_INVALID_ORIGIN"},
		{"CN-21", sailsio.Config{Production: true}, "in production"},
		{"SEC-71", sailsio.Config{MaxInFlight: -1}, "MaxInFlight"},
		{"SEC-72", sailsio.Config{MaxParked: -1}, "MaxParked"},
		{"SEC-3", sailsio.Config{MaxInFlightTotal: -1}, "MaxInFlightTotal"},
		{"SEC-57", sailsio.Config{MaxSubscriptions: -1}, "MaxSubscriptions"},
		{"CN-28", sailsio.Config{BeforeConnect: anyone, SocketIO: socketio.Config{Engine: engineio.Config{AllowRequest: anyone}}}, "BeforeConnect"},
		{"CN-20", sailsio.Config{OnlyAllowOrigins: []string{"http://a.example"}, SocketIO: socketio.Config{Engine: engineio.Config{AllowOrigins: []string{"*"}}}}, "AllowOrigins"},
		{"", sailsio.Config{SocketIO: socketio.Config{Path: "no-slash"}}, "Path"},
	} {
		app, err := sailsio.New(c.cfg)
		if err == nil || app != nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want one about %q", c.rule, err, c.want)
		}
	}
	for _, cfg := range []sailsio.Config{
		{},
		{Production: true, OnlyAllowOrigins: []string{"https://good.example", "http://good.example:8080", "http://[::1]:8080"}},
		{Production: true, BeforeConnect: anyone},
		{Production: true, SocketIO: socketio.Config{Engine: engineio.Config{AllowOrigins: []string{"*"}}}},
		{RequestTimeout: -1},
	} {
		app, err := sailsio.New(cfg)
		if err != nil {
			t.Errorf("%v", err)
			continue
		}
		check(t, app.Shutdown(t.Context()))
	}
}

func fetch(t *testing.T, w *world, method, url string, header http.Header) (*http.Response, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(w.ctx, method, sailstest.URL+url, nil)
	if err != nil {
		t.Fatal(err)
	}
	for k, v := range header {
		r.Header[k] = v
	}
	answer, err := w.server.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer, string(text)
}

func TestDefaults_AreThoseOfSails(t *testing.T) { // CN-2, CN-3, CN-8, SEC-23
	w := newWorld(t, sailsio.Config{Handler: routes()})
	r, text := fetch(t, w, "GET", "/socket.io/?EIO=3&transport=polling", nil)
	if r.StatusCode != 400 || text != `{"code":0,"message":"Transport unknown"}` {
		t.Errorf("polling: %d %s", r.StatusCode, text)
	}
	r, text = fetch(t, w, "GET", "/socket.io/socket.io.js", nil)
	if r.StatusCode != 400 {
		t.Errorf("client file: %d %s", r.StatusCode, text)
	}
	old := newWorld(t, sailsio.Config{Handler: routes(), Sails012: &sailsio.Sails012{}})
	r, text = fetch(t, old, "GET", "/socket.io/?EIO=4&transport=polling", nil)
	if r.StatusCode != 200 || !strings.Contains(text, `"pingInterval":25000,"pingTimeout":60000,"maxPayload":1000000}`) || len(r.Cookies()) > 0 {
		t.Errorf("polling in 0.12: %d %s %v", r.StatusCode, text, r.Cookies())
	}
	if r, text = fetch(t, w, "GET", "/socket.iox/ping", nil); r.StatusCode != 404 {
		t.Errorf("a path beside the socket's: %d %s", r.StatusCode, text)
	}
}

func TestPath(t *testing.T) { // CN-2
	w := newWorld(t, sailsio.Config{Handler: routes(), SocketIO: socketio.Config{Path: "/live/"}})
	w.connect(sailstest.Options{Path: "/live/"}).sees()
	if r, _ := fetch(t, w, "GET", "/socket.io/?EIO=4&transport=websocket", nil); r.StatusCode != 404 {
		t.Errorf("the default path: %d", r.StatusCode)
	}
	if r, _ := fetch(t, w, "GET", "/live?EIO=4&transport=websocket", nil); r.StatusCode != 404 {
		t.Errorf("without the slash: %d", r.StatusCode)
	}
	w = newWorld(t, sailsio.Config{Handler: routes(), SocketIO: socketio.Config{NoTrailingSlash: true}})
	if r, text := fetch(t, w, "GET", "/socket.io?EIO=4&transport=websocket", nil); r.StatusCode != 400 {
		t.Errorf("without the slash, allowed: %d %s", r.StatusCode, text)
	}
}

func TestRecoveredSocketsServeRequests(t *testing.T) {
	w := newWorld(t, sailsio.Config{Handler: routes(), SocketIO: socketio.Config{Recovery: &socketio.Recovery{}}})
	w.connect(sailstest.Options{Revision: 4}).sees()
}

func TestOrigins(t *testing.T) { // CN-23..25, SEC-13, SEC-14
	polling := socketio.Config{Engine: engineio.Config{Transports: []engineio.Transport{engineio.Polling, engineio.WebSocket}}}
	list := []string{"http://good.example", "http://also.example:8080"}
	listed := newWorld(t, sailsio.Config{Handler: routes(), OnlyAllowOrigins: list, SocketIO: polling})
	required := newWorld(t, sailsio.Config{Handler: routes(), OnlyAllowOrigins: list, RequireOrigin: true, SocketIO: polling})
	open := newWorld(t, sailsio.Config{Handler: routes(), SocketIO: polling})
	demanding := newWorld(t, sailsio.Config{Handler: routes(), RequireOrigin: true, SocketIO: polling})
	for _, c := range []struct {
		name   string
		w      *world
		origin string
		ok     bool
	}{
		{"listed", listed, "http://good.example", true},
		{"listed", listed, "http://also.example:8080", true},
		{"listed", listed, "", true}, // documentation; CN-23 says otherwise
		{"listed", listed, "http://bad.example", false},
		{"listed", listed, "http://good.example.evil.example", false},
		{"listed", listed, "https://good.example", false},
		{"listed", listed, "http://also.example", false},
		{"listed", listed, "null", false},
		{"required", required, "http://good.example", true},
		{"required", required, "", false},
		{"open", open, "http://sails.test", true},
		{"open", open, "", true},
		{"open", open, "http://bad.example", false}, // SEC-13: the reference lets it in
		{"demanding", demanding, "", false},
		{"demanding", demanding, "http://sails.test", true},
	} {
		header := http.Header{}
		if c.origin != "" {
			header.Set("Origin", c.origin)
		}
		client, err := c.w.server.Connect(c.w.ctx, sailstest.Options{Header: header})
		if (err == nil) != c.ok {
			t.Errorf("%s: WebSocket from %q: %v", c.name, c.origin, err)
		}
		if err == nil {
			client.Close()
		}
		r, text := fetch(t, c.w, "GET", "/socket.io/?EIO=3&transport=polling", header)
		if c.ok != (r.StatusCode == 200) || !c.ok && text != `{"code":3,"message":"Bad request"}` {
			t.Errorf("%s: polling from %q: %d %s", c.name, c.origin, r.StatusCode, text)
		}
		if _, rest, ok := strings.Cut(text, `"sid":"`); ok { // do not leave the session to its time-out
			r, err := http.NewRequestWithContext(c.w.ctx, "POST", sailstest.URL+"/socket.io/?EIO=3&transport=polling&sid="+rest[:20], strings.NewReader("1:1"))
			if err != nil {
				t.Fatal(err)
			}
			r.Header = header
			answer, err := c.w.server.Client().Do(r)
			if err != nil {
				t.Fatal(err)
			}
			answer.Body.Close()
		}
		if want := c.origin != "" && c.ok && (c.w == listed || c.w == required); want != (r.Header.Get("Access-Control-Allow-Origin") == c.origin && c.origin != "") {
			t.Errorf("%s: polling from %q: CORS %q", c.name, c.origin, r.Header.Get("Access-Control-Allow-Origin"))
		}
	}
}

func TestBeforeConnect(t *testing.T) { // CN-26, CN-27, SEC-44, v35
	asked := 0
	w := newWorld(t, sailsio.Config{
		Handler: routes(),
		BeforeConnect: func(r *http.Request) error {
			asked++
			switch r.URL.Query().Get("gate") {
			case "error":
				return &engineio.Refusal{Message: "gate closed"}
			case "deny":
				return errors.New("internal detail")
			case "throw":
				panic("gate exploded")
			}
			return nil
		},
		OnlyAllowOrigins: []string{"http://good.example"},
		SocketIO:         socketio.Config{Engine: engineio.Config{Transports: []engineio.Transport{engineio.Polling, engineio.WebSocket}}},
	})
	w.connect().sees()
	if asked != 1 {
		t.Errorf("asked %d times for one handshake", asked)
	}
	for gate, want := range map[string]string{
		"error": `{"code":4,"message":"gate closed"}`,
		"deny":  `{"code":4,"message":"Forbidden"}`,
		"throw": `{"code":4,"message":"Forbidden"}`,
	} {
		r, text := fetch(t, w, "GET", "/socket.io/?EIO=3&transport=polling&gate="+gate, nil)
		if r.StatusCode != 403 || text != want {
			t.Errorf("polling %s: %d %s, want %s", gate, r.StatusCode, text, want)
		}
		_, err := w.server.Connect(w.ctx, sailstest.Options{Query: map[string][]string{"gate": {gate}}})
		if err == nil {
			t.Errorf("WebSocket %s: connected", gate)
		}
	}
	before := asked
	_, err := w.server.Connect(w.ctx, sailstest.Options{Header: http.Header{"Origin": {"http://bad.example"}}})
	if err == nil || asked != before {
		t.Errorf("the hook does not replace the check of the origin: %v", err) // SEC-13, not CN-22
	}
}

func TestServeHTTP_Plain(t *testing.T) { // VR-11: one handler for both
	w := newWorld(t, sailsio.Config{Handler: routes()})
	r, text := fetch(t, w, "GET", "/ping", nil)
	if r.StatusCode != 200 || text != "pong" {
		t.Errorf("%d %q", r.StatusCode, text)
	}
	for _, revision := range []int{3, 4} {
		is(t, w.connect(sailstest.Options{Revision: revision}).do("GET", "/ping", nil), `{"body":"pong","headers":{},"statusCode":200}`)
	}
}

func init() {
	http.HandleFunc("/sailsio-test", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) })
}

func TestDefaultHandlerIsDefaultServeMux(t *testing.T) {
	w := newWorld(t, sailsio.Config{})
	c, err := w.server.Connect(w.ctx, sailstest.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if r, err := c.Get(w.ctx, "/sailsio-test", nil); err != nil || r.StatusCode != http.StatusTeapot {
		t.Errorf("answer %+v, %v", r, err)
	}
}
