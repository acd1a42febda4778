package compat_test

import (
	"context"
	"encoding/json"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/go-sails/sails/engineio"
	"github.com/go-sails/sails/sailsio"
	"github.com/go-sails/sails/sailsio/session"
	"github.com/go-sails/sails/socketio"
)

// TestBrowser_ThirdParty connects pages of another site, over TLS: the script of
// /__getcookie brings a Partitioned cookie, the only kind that Chromium keeps for a
// third party in a private window, and polling, which the original never allows from
// elsewhere, works for the origins listed (CL-3, CN-20, CN-50, SE-4).
func TestBrowser_ThirdParty(t *testing.T) {
	t.Parallel()
	open := startBrowser(t)
	pages := &site{t: t, backend: &backend{}}
	home, stranger := secure(t, pages), secure(t, pages)
	server := secure(t, counting(t, home.page()))
	for _, transport := range []string{"websocket", "polling"} {
		t.Run(transport, func(t *testing.T) {
			want := []string{`get /count → 200 {"n":1}`, `get /count → 200 {"n":3}`, `get /count → 200 {"n":4}`, "over " + transport}
			if got := thirdParty(t, open, home, server, transport); !slices.Equal(got, want) {
				t.Errorf("the page of the origin listed notes\n%s", strings.Join(got, "\n"))
			}
			got := thirdParty(t, open, stranger, server, transport)
			if len(got) != 1 || !strings.HasPrefix(got[0], "a does not connect") {
				t.Errorf("a page of another origin notes\n%s", strings.Join(got, "\n"))
			}
		})
	}
}

// thirdParty plays the page at one origin against the server at another.
func thirdParty(t *testing.T, open openTab, from, server tlsServer, transport string) []string {
	t.Helper()
	tb := open("third party", chromedp.WithNewBrowserContext())
	tb.t = t
	defer func() { _ = chromedp.Cancel(tb.ctx) }()
	q := url.Values{"scenario": {"third-party"}, "client": {"1.2.1"}, "transports": {transport}, "home": {from.page()}, "abroad": {server.URL}}
	tb.do(chromedp.Navigate(from.page() + "/page?" + q.Encode()))
	tb.awaitWithin(pageLimit, "the end", "over")
	notes, err := chromedp.Run(tb.ctx, chromedp.Evaluate[[]string]("results"))
	if err != nil {
		t.Fatal(err)
	}
	return notes
}

// counting is an application whose one route counts in the session.
func counting(t *testing.T, origin string) http.Handler {
	t.Helper()
	sessions, err := session.New(session.Config{
		Secrets: []string{"a secret of the third party, long enough"},
		Cookie:  session.CookieConfig{Secure: true, SameSite: http.SameSiteNoneMode, Partitioned: true},
	})
	if err != nil {
		t.Fatal(err)
	}
	routes := http.NewServeMux()
	app, err := sailsio.New(sailsio.Config{
		Handler:          routes,
		Sessions:         sessions,
		OnlyAllowOrigins: []string{origin},
		SocketIO: socketio.Config{Engine: engineio.Config{
			Transports: []engineio.Transport{engineio.Polling, engineio.WebSocket},
			CORS:       &engineio.CORS{Origins: []string{origin}, Credentials: true}, // for polling
		}},
	})
	if err != nil {
		t.Fatal(err)
	}
	routes.HandleFunc("/count", func(w http.ResponseWriter, r *http.Request) {
		s, ok := session.FromContext(r.Context())
		if !ok {
			http.Error(w, "no session", http.StatusInternalServerError)
			return
		}
		n := session.Value[int](s, "n") + 1
		if err := s.Set("n", n); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(map[string]int{"n": n})
	})
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		_ = app.Shutdown(ctx)
	})
	return app
}

// A tlsServer is one site by its address, another by the name of its host.
type tlsServer struct{ *httptest.Server }

func (s tlsServer) page() string { return strings.Replace(s.URL, "127.0.0.1", "localhost", 1) }

func secure(t *testing.T, h http.Handler) tlsServer {
	t.Helper()
	server := httptest.NewUnstartedServer(h)
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
	})
	return tlsServer{server}
}
