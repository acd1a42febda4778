package compat_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/gorilla/mux"

	"github.com/go-sails/sails/compat_test/internal/program"
	"github.com/go-sails/sails/engineio"
	"github.com/go-sails/sails/sailsio"
	"github.com/go-sails/sails/socketio"
)

// TestBrowser_SocketIOClients runs the browser builds of both client generations in
// a real Chromium, over every transport: acknowledgements, binary, rooms, a second
// namespace, and a lost connection that is made again.
func TestBrowser_SocketIOClients(t *testing.T) {
	open := startBrowser(t)
	for _, client := range []struct{ version, file string }{{"2.5.0", "socket.io.js"}, {"4.8.4", "socket.io.min.js"}} {
		for mode, transports := range map[string]string{
			"websocket": `["websocket"]`, "polling": `["polling"]`, "upgrade": `["polling","websocket"]`,
		} {
			t.Run(client.version+"/"+mode, func(t *testing.T) {
				script := filepath.Join(driverDir(program.Root(t)), "node_modules", "socket.io-client-"+client.version, "dist", client.file)
				url := serveSocketIO(t, script, transports)
				tb := open(client.version + " " + mode)
				tb.t = t
				tb.do(chromedp.Navigate(url))
				for _, want := range []string{
					"connected", `ack {"a":[1,"two",null]}`, "binary 1,2,255", "room said hello", "/other greets", "lost", "again ok",
				} {
					tb.await(want, fmt.Sprintf("results.includes(%q)", want))
				}
			})
		}
	}
}

func serveSocketIO(t *testing.T, script, transports string) string {
	t.Helper()
	io, err := socketio.NewServer(socketio.Config{})
	if err != nil {
		t.Fatal(err)
	}
	main := io.Of("/")
	main.HandleFunc("echo", func(_ context.Context, e *socketio.Event) error { return e.Ack(e.Args()) })
	main.HandleFunc("say", func(ctx context.Context, e *socketio.Event) error {
		if err := e.Socket().Join("room"); err != nil {
			return err
		}
		return main.To("room").Emit(ctx, "said", e.Args())
	})
	main.HandleFunc("drop", func(_ context.Context, e *socketio.Event) error {
		e.Socket().Session().Close(engineio.ForcedClose)
		return nil
	})
	io.Of("/other").OnConnect(func(_ context.Context, s *socketio.Socket) error { return s.Emit("greeting", "/other greets") })
	page := `<!doctype html><script src="client.js"></script><script>
		var results = [], times = 0;
		var options = {transports: ` + transports + `, reconnectionDelay: 20, reconnectionDelayMax: 50};
		var socket = io(location.origin, options);
		socket.on('said', function (text) { results.push('room said ' + text); });
		socket.on('disconnect', function () { results.push('lost'); });
		socket.on('connect', function () {
			if (++times > 1) { socket.emit('echo', 'ok', function (v) { results.push('again ' + v); }); return; }
			results.push('connected');
			socket.emit('echo', {a: [1, 'two', null]}, function (v) { results.push('ack ' + JSON.stringify(v)); });
			socket.emit('echo', new Uint8Array([1, 2, 255]).buffer, function (v) { results.push('binary ' + Array.from(new Uint8Array(v))); });
			socket.emit('say', 'hello');
			io(location.origin + '/other', options).on('greeting', function (text) {
				results.push(text);
				socket.emit('drop');
			});
		});
	</script>`
	return servePage(t, io, page, io.Shutdown, script)
}

// TestBrowser_OldSails runs an old sails.io.js, with the socket.io-client of its
// time, in a real Chromium: it begins with polling and upgrades.
func TestBrowser_OldSails(t *testing.T) {
	r := mux.NewRouter()
	app, err := sailsio.New(sailsio.Config{Handler: r, SocketIO: socketio.Config{
		Engine: engineio.Config{Transports: []engineio.Transport{engineio.Polling, engineio.WebSocket}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	r.HandleFunc("/greet/{who}", func(w http.ResponseWriter, req *http.Request) {
		_ = app.Sockets().Broadcast(req.Context(), sailsio.SocketID(req), "greeted", map[string]string{"who": mux.Vars(req)["who"]})
		w.Header().Set("Content-Type", "application/json")
		_, _ = fmt.Fprintf(w, `{"hello":%q}`, mux.Vars(req)["who"])
	})
	packages := filepath.Join(driverDir(program.Root(t)), "node_modules")
	page := `<!doctype html><script src="client.js"></script><script>
		var results = [];
		io.socket.on('greeted', function (m) { results.push('event ' + m.who); });
		io.socket.get('/greet/ann', function (body, jwr) { results.push('answer ' + body.hello + ' ' + jwr.statusCode); });
	</script>`
	tb := startBrowser(t)("sails.io.js 0.13.8")
	tb.do(chromedp.Navigate(servePage(t, app, page, app.Shutdown,
		filepath.Join(packages, "socket.io-client-1.4.8/socket.io.js"), filepath.Join(packages, "sails.io.js-0.13.8/sails.io.js"))))
	tb.await("the event", `results.includes("event ann")`)
	tb.await("the answer", `results.includes("answer ann 200")`)
}

// servePage serves a page, its client scripts as one, and everything else by h.
func servePage(t *testing.T, h http.Handler, page string, shutdown func(context.Context) error, scripts ...string) string {
	t.Helper()
	var text []byte
	for _, script := range scripts {
		part, err := os.ReadFile(script)
		if err != nil {
			t.Fatalf("%v; run \"make setup\"", err)
		}
		text = append(append(text, part...), ";\n"...)
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/":
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			_, _ = w.Write([]byte(page))
		case "/client.js":
			w.Header().Set("Content-Type", "text/javascript; charset=utf-8")
			_, _ = w.Write(text)
		case "/favicon.ico":
			w.WriteHeader(http.StatusNoContent)
		default:
			h.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		_ = shutdown(ctx)
		server.CloseClientConnections()
		server.Close()
	})
	return server.URL
}
