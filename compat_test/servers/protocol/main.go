// Command protocol serves Engine.IO and Socket.IO in five configurations, for
// tests at the level of frames.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/go-sails/sails/compat_test/internal/serve"
	"github.com/go-sails/sails/engineio"
	"github.com/go-sails/sails/socketio"
)

func main() {
	site := &site{}
	mounts := []struct {
		cfg      socketio.Config
		extended bool
	}{
		{cfg: baseConfig()},
		{cfg: extConfig(), extended: true},
		{cfg: strictConfig()},
		{cfg: recoveryConfig(), extended: true},
	}
	for _, m := range mounts {
		io, err := socketio.NewServer(m.cfg)
		if err != nil {
			serve.Exit(err)
		}
		base(io)
		if m.extended {
			extend(io)
		}
		site.add(io.Path()+"/", io, io.Shutdown)
	}
	engine, err := engineio.NewServer(mirror{}, quick())
	if err != nil {
		serve.Exit(err)
	}
	site.add("/engine.io/", engine, engine.Shutdown)
	serve.Main(site, site.shutdown)
}

// site hands requests to the server whose path they begin with. http.ServeMux
// would redirect where the original says 404.
type site struct {
	mounts []mount
}

type mount struct {
	prefix   string
	handler  http.Handler
	shutdown func(context.Context) error
}

func (s *site) add(prefix string, h http.Handler, shutdown func(context.Context) error) {
	s.mounts = append(s.mounts, mount{prefix, h, shutdown})
}

// ServeHTTP implements http.Handler.
func (s *site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	for _, m := range s.mounts {
		if strings.HasPrefix(r.URL.Path, m.prefix) {
			m.handler.ServeHTTP(w, r)
			return
		}
	}
	w.WriteHeader(http.StatusNotFound)
}

func (s *site) shutdown(ctx context.Context) error {
	var errs []error
	for _, m := range s.mounts {
		errs = append(errs, m.shutdown(ctx))
	}
	return errors.Join(errs...)
}

// mirror is the application of /engine.io/: every message is sent back.
type mirror struct{}

// OnOpen implements engineio.Handler.
func (mirror) OnOpen(*engineio.Session) error { return nil }

// OnMessage implements engineio.Handler.
func (mirror) OnMessage(s *engineio.Session, data []byte, binary bool) {
	if binary {
		_ = s.Send(engineio.Binary(data)) // a session that has ended hears nothing
		return
	}
	_ = s.Send(engineio.Text(string(data)))
}

// OnClose implements engineio.Handler.
func (mirror) OnClose(*engineio.Session, engineio.CloseReason) {}

// noEIO3 lets the public suites of revision 4 expect that revision 3 is refused.
func noEIO3() bool { return os.Getenv("ALLOW_EIO3") == "0" }

// anyOrigin lets every origin connect, as the original does: our default is the
// request's own host. Who may read the answers is what CORS says.
var anyOrigin = []string{"*"}

// quick are the short times of three mounts.
func quick() engineio.Config {
	return engineio.Config{
		PingInterval:   300 * time.Millisecond,
		PingTimeout:    200 * time.Millisecond,
		UpgradeTimeout: 600 * time.Millisecond,
		DisableEIO3:    noEIO3(),
		CORS:           &engineio.CORS{Origins: []string{"*"}},
	}
}

func baseConfig() socketio.Config {
	return socketio.Config{Path: "/socket.io", ConnectTimeout: time.Second, Engine: quick()}
}

func extConfig() socketio.Config {
	return socketio.Config{Path: "/ext", Engine: engineio.Config{
		UpgradeTimeout: 600 * time.Millisecond,
		DisableEIO3:    noEIO3(),
		AllowOrigins:   anyOrigin,
	}}
}

func recoveryConfig() socketio.Config {
	return socketio.Config{
		Path: "/recovery",
		Engine: engineio.Config{
			PingInterval: 300 * time.Millisecond,
			PingTimeout:  200 * time.Millisecond,
			DisableEIO3:  noEIO3(),
			AllowOrigins: anyOrigin,
		},
		Recovery: &socketio.Recovery{MaxDisconnection: 120 * time.Second},
	}
}

// strictConfig allows as little as possible.
func strictConfig() socketio.Config {
	return socketio.Config{Path: "/strict", ConnectTimeout: 300 * time.Millisecond, Engine: engineio.Config{
		DisableUpgrades: true,
		DisableEIO3:     true,
		MaxPayload:      1000,
		AllowOrigins:    anyOrigin,
		CORS:            &engineio.CORS{Origins: []string{"http://allowed.example"}, Credentials: true},
		Cookie:          &http.Cookie{Name: "io", Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode},
		AllowRequest: func(r *http.Request) error {
			switch r.URL.Query().Get("deny") {
			case "":
				return nil
			case "message":
				return &engineio.Refusal{Message: "go away"}
			}
			return errors.New("denied")
		},
	}}
}

// base is the base contract.
func base(io *socketio.Server) {
	greet := func(_ context.Context, s *socketio.Socket) error {
		return s.Emit("auth", json.RawMessage(s.Handshake().Auth))
	}
	root := io.Of("/")
	root.OnConnect(greet)
	root.HandleFunc("message", func(_ context.Context, e *socketio.Event) error {
		return e.Socket().Emit("message-back", e.Args())
	})
	root.HandleFunc("message-with-ack", func(_ context.Context, e *socketio.Event) error {
		return e.Ack(e.Args())
	})
	io.Of("/custom").OnConnect(greet)
}
