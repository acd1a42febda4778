package virtualrequest_test

import (
	"context"
	"net/http"
	"testing"

	"github.com/go-sails/sails/virtualrequest"

	"github.com/gorilla/mux"
)

var echoBody = []byte(`{"echo":true,"list":[1,2,3]}`)

func echoHandler(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(echoBody)
}

func BenchmarkVirtualRequest(b *testing.B) {
	router := mux.NewRouter()
	router.HandleFunc("/echo", echoHandler).Methods(http.MethodGet, http.MethodPost)
	ctx := context.Background()
	origin := virtualrequest.NewOrigin(newHandshake())
	for _, bc := range []struct {
		name    string
		handler http.Handler
		event   string
		payload string
	}{
		{"handler=bare", http.HandlerFunc(echoHandler), "get", `{"method":"get","headers":{},"data":{},"url":"/echo"}`},
		{"handler=value", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			virtualrequest.SetBody(w, map[string]any{"echo": true})
		}), "get", `{"method":"get","headers":{},"data":{},"url":"/echo"}`},
		{"handler=mux", router, "get", `{"method":"get","headers":{},"data":{},"url":"/echo?x=1"}`},
		{"handler=mux/post", router, "post", `{"method":"post","headers":{"x-csrf-token":"abc"},"data":{"name":"kermit","age":42},"url":"/echo"}`},
	} {
		b.Run(bc.name, func(b *testing.B) {
			d := &virtualrequest.Dispatcher{Handler: bc.handler}
			payload := []byte(bc.payload)
			var buf []byte
			b.ReportAllocs()
			for b.Loop() {
				r, err := virtualrequest.Parse(bc.event, payload)
				if err != nil {
					b.Fatal(err)
				}
				d.Run(ctx, origin, r, func(a *virtualrequest.Answer) {
					buf, _ = a.AppendJSON(buf[:0])
				})
			}
		})
	}
	// What the router alone costs, for comparison.
	b.Run("router alone", func(b *testing.B) {
		r, err := http.NewRequest(http.MethodGet, "/echo?x=1", nil)
		if err != nil {
			b.Fatal(err)
		}
		w := nullWriter{}
		b.ReportAllocs()
		for b.Loop() {
			router.ServeHTTP(w, r)
		}
	})
}

type nullWriter http.Header

func (w nullWriter) Header() http.Header         { return http.Header(w) }
func (w nullWriter) Write(p []byte) (int, error) { return len(p), nil }
func (w nullWriter) WriteHeader(int)             {}

func newHandshake() *http.Request {
	r, err := http.NewRequest(http.MethodGet, "http://app.example:1337/socket.io/?EIO=4&transport=websocket", nil)
	if err != nil {
		panic(err)
	}
	r.RemoteAddr = "192.0.2.7:40123"
	r.Header.Set("Cookie", "sails.sid=s%3Aabc")
	r.Header.Set("Origin", "http://app.example:1337")
	r.Header.Set("User-Agent", "browser")
	return r
}
