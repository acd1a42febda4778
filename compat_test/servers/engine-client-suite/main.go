// Command engine-client-suite is the server that the tests of engine.io-client talk
// to: it greets, sends every message back and has a few requests of its own.
package main

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/go-sails/sails/compat_test/internal/serve"
	"github.com/go-sails/sails/engineio"
)

func main() {
	engine, err := engineio.NewServer(suite{}, engineio.Config{
		PingInterval: 500 * time.Millisecond,
		MaxPayload:   100,
		AllowOrigins: []string{"*"},
		OnHeaders:    cookies,
		AllowRequest: func(r *http.Request) error {
			if r.URL.Query().Has("deny") {
				return errors.New("denied")
			}
			return nil
		},
	})
	if err != nil {
		serve.Exit(err)
	}
	engine.Use(rememberPosts)
	serve.Main(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/engine.io/") {
			engine.ServeHTTP(w, r)
			return
		}
		w.WriteHeader(http.StatusNotFound)
	}), engine.Shutdown)
}

// cookies adds cookies of every kind to the first answer of a session.
func cookies(h http.Header, _ *http.Request, initial bool) {
	if !initial {
		return
	}
	for _, c := range []string{
		"1=1; Max-Age=86400",
		"2=2; Path=/; HttpOnly; Secure; SameSite=Strict",
		"3=3; Max-Age=0",
		"4=4; Expires=" + time.Now().UTC().Format(http.TimeFormat),
	} {
		h.Add("Set-Cookie", c)
	}
}

// suite is what the tests expect of their peer.
type suite struct{}

// OnOpen implements engineio.Handler.
func (suite) OnOpen(s *engineio.Session) error { return s.Send(engineio.Text("hi")) }

// OnMessage implements engineio.Handler. A session that has ended hears nothing.
func (suite) OnMessage(s *engineio.Session, data []byte, binary bool) {
	switch text := string(data); {
	case binary:
		_ = s.Send(engineio.Binary(data))
	case text == "give binary":
		_ = s.Send(engineio.Binary([]byte{0, 1, 2, 3, 4}))
	case text == "give utf8":
		_ = s.Send(engineio.Text("пойду спать всем спокойной ночи"))
	case text == "sendHeaders":
		_ = s.Send(engineio.Text(headers(s)))
	default:
		_ = s.Send(engineio.Text(text))
	}
}

// OnClose implements engineio.Handler.
func (suite) OnClose(*engineio.Session, engineio.CloseReason) {}

// posts holds the header of the POST under way of each session.
var posts sync.Map // sid -> http.Header

func rememberPosts(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if sid := r.URL.Query().Get("sid"); sid != "" && r.Method == http.MethodPost {
			posts.Store(sid, r.Header)
			defer posts.Delete(sid)
		}
		next.ServeHTTP(w, r)
	})
}

// headers is the header of the request that carries a message as JSON, names in
// lower case.
func headers(s *engineio.Session) string {
	header := s.Request().Header
	if of, ok := posts.Load(s.ID()); ok {
		header = of.(http.Header)
	}
	h := map[string]string{}
	for name, values := range header {
		h[strings.ToLower(name)] = strings.Join(values, ", ")
	}
	text, err := json.Marshal(h)
	if err != nil {
		return "{}"
	}
	return string(text)
}
