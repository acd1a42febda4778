package socketio_test

import (
	"compress/gzip"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-sails/sails/engineio"
	"github.com/go-sails/sails/engineio/engineiotest"
	"github.com/go-sails/sails/socketio"
)

func TestConfig_Refused(t *testing.T) {
	for name, cfg := range map[string]socketio.Config{
		"Path":           {Path: "socket.io"},
		"AckTimeout":     {AckTimeout: -1},
		"RequestTimeout": {RequestTimeout: -1},
		"MaxAttachments": {MaxAttachments: -1},
		"MaxDepth":       {MaxDepth: 10_001},
		"Recovery":       {Recovery: &socketio.Recovery{MaxBytes: -1}},
		"ClientDir":      {ClientDir: "/does/not/exist"},
		"Ping":           {Engine: engineio.Config{Transports: []engineio.Transport{"pigeon"}}},
	} {
		if _, err := socketio.NewServer(cfg); err == nil || name != "Ping" && !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := socketio.NewServer(socketio.Config{ClientDir: t.TempDir()}); err == nil {
		t.Error("a directory without the client was accepted")
	}
}

// Negative limits are off.
func TestConfig_Off(t *testing.T) {
	cfg := socketio.Config{
		ConnectTimeout: -1, MaxNamespaces: -1, MaxDynamic: -1, AttachmentTimeout: -1, MaxQueuedEvents: -1, MaxQueuedBytes: -1, MaxAcks: -1, MaxRooms: -1, MaxRoomName: -1,
	}
	cfg.Engine.MaxPayload = -1
	bubble(t, cfg, func(t *testing.T, r *rig) {
		ns := r.io.Of("/")
		syncing(ns)
		c := r.open()
		<-time.After(50 * time.Minute)
		c.send("0")
		sid := c.connected("/")
		s, _ := ns.Socket(sid)
		must(t, s.JoinLimited(strings.Repeat("n", 10_000)))
		c.send(`51-["x",{"_placeholder":true,"num":0}]`)
		<-time.After(5 * time.Minute)
		c.sendBinary("x")
		c.sync()
	})
}

func TestServer_Paths(t *testing.T) {
	bubble(t, socketio.Config{Path: "/rt/io/"}, func(t *testing.T, r *rig) {
		equal(t, r.io.Path(), "/rt/io")
		get := func(path string) int {
			w := httptest.NewRecorder()
			r.io.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
			return w.Code
		}
		equal(t, get("/rt/io"), 404)
		equal(t, get("/rt/iox/?EIO=4&transport=polling"), 404)
		equal(t, get("/"), 404)
		equal(t, get("/rt/io/?EIO=4&transport=pigeon"), 400)
		equal(t, get("/rt/io/?EIO=4&transport=polling"), 200)
		equal(t, get("/rt/io/socket.io.js"), 400) // no client is served
		if r.io.Engine().Stats().Opened != 1 {
			t.Error("the engine saw another number of handshakes")
		}
	})
	bubble(t, socketio.Config{NoTrailingSlash: true}, func(t *testing.T, r *rig) {
		c := r.dial(engineiotest.Options{Path: "/socket.io", Transport: engineiotest.WebSocket})
		c.send("0")
		c.connected("/")
	})
}

func TestServer_Namespaces(t *testing.T) {
	bubble(t, socketio.Config{}, func(t *testing.T, r *rig) {
		if r.io.Of("") != r.io.Of("/") || r.io.Of("chat") != r.io.Of("/chat") || r.io.Of("chat").Name() != "/chat" || r.io.Of("/chat").Server() != r.io {
			t.Error("names are not normalised")
		}
		equal(t, len(r.io.Namespaces()), 2)
		c := r.join()
		s, _ := r.io.Of("/").Socket(c.sid)
		if s.Namespace() != r.io.Of("/") || s.Session().Protocol() != 4 || s.Recovered() || s.Data() != nil {
			t.Error("socket is wrong")
		}
		if _, ok := r.io.Of("/chat").Socket(c.sid); ok {
			t.Error("the socket is in another namespace too")
		}
		c.conn.Abort()
		synctest.Wait()
		if context.Cause(s.Context()) != socketio.TransportClose { // asked for after the end
			t.Errorf("cause %v", context.Cause(s.Context()))
		}
		if socketio.TransportClose.Error() != "transport close" {
			t.Error("spelling")
		}
	})
}

// Spec 2.8, serveClient: the files of a directory, by their fixed names only.
func TestClientFiles(t *testing.T) {
	dir := t.TempDir()
	script := strings.Repeat("/* client */", 100)
	for name, body := range map[string]string{
		"socket.io.js": script, "socket.io.min.js.map": "{}", "secret.txt": "secret", "socket.io.msgpack.min.js": "m",
	} {
		must(t, os.WriteFile(filepath.Join(dir, name), []byte(body), 0o600))
	}
	bubble(t, socketio.Config{ClientDir: dir}, func(t *testing.T, r *rig) {
		do := func(method, name string, header ...string) *http.Response {
			req := httptest.NewRequest(method, "/socket.io/"+name, nil)
			for i := 0; i+1 < len(header); i += 2 {
				req.Header.Set(header[i], header[i+1])
			}
			w := httptest.NewRecorder()
			r.io.ServeHTTP(w, req)
			return w.Result()
		}
		body := func(res *http.Response) string {
			b, err := io.ReadAll(res.Body)
			must(t, err)
			return string(b)
		}
		res := do(http.MethodGet, "socket.io.js?x=1")
		etag := res.Header.Get("ETag")
		if res.StatusCode != 200 || body(res) != script || etag == "" || !strings.HasPrefix(res.Header.Get("Content-Type"), "application/javascript") {
			t.Errorf("%d %v", res.StatusCode, res.Header)
		}
		equal(t, do(http.MethodGet, "socket.io.js", "If-None-Match", etag).StatusCode, 304)
		res = do(http.MethodGet, "socket.io.js", "Accept-Encoding", "br, gzip;q=0.5")
		zr, err := gzip.NewReader(res.Body)
		must(t, err)
		plain, err := io.ReadAll(zr)
		must(t, err)
		if string(plain) != script || res.Header.Get("Content-Encoding") != "gzip" || res.Header.Get("Vary") != "Accept-Encoding" {
			t.Errorf("%v", res.Header)
		}
		equal(t, do(http.MethodGet, "socket.io.js", "Accept-Encoding", "gzip;q=0").Header.Get("Content-Encoding"), "")
		equal(t, do(http.MethodGet, "socket.io.min.js.map").Header.Get("Content-Type"), "application/json; charset=utf-8")
		equal(t, do(http.MethodHead, "socket.io.msgpack.min.js").StatusCode, 200)
		for _, name := range []string{"secret.txt", "../secret.txt", "socket.io.esm.min.js", "%2e%2e/secret.txt"} {
			if res := do(http.MethodGet, name); res.StatusCode != 400 {
				t.Errorf("%s: %d", name, res.StatusCode)
			}
		}
		equal(t, do(http.MethodPost, "socket.io.js").StatusCode, 400)
	})
}

// Spec 1.12: options and hooks of the engine are set through Config.Engine.
func TestEngineOptions(t *testing.T) {
	refused := make(chan *engineio.ConnectionError, 1)
	r := newRig(t, socketio.Config{Engine: engineio.Config{
		GenerateID:        func(r *http.Request) (string, error) { return "custom-" + r.URL.Query().Get("who"), nil },
		OnConnectionError: func(e *engineio.ConnectionError) { refused <- e },
	}})
	syncing(r.io.Of("/"))
	o := wsOptions(map[string]string{"who": "me"}, nil)
	c := r.dial(o)
	equal(t, c.conn.SID, "custom-me")
	c.send("0")
	c.connected("/")
	c.sync()
	answer := httptest.NewRecorder()
	r.io.ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "/socket.io/?EIO=4&transport=carrier-pigeon", nil))
	equal(t, answer.Code, http.StatusBadRequest)
	if e := await(t, refused); e.Request == nil || e.Error() == "" {
		t.Errorf("%+v", e)
	}
}
