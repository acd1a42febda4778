package socketioclient_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/go-sails/sails/engineio/engineiotest"
	"github.com/go-sails/sails/socketio/socketioclient"
)

// FuzzPollingAnswer gives the client any bytes as the server's first answer and its
// second: it neither panics nor hangs, and Close ends everything. SEC-4, SEC-35.
func FuzzPollingAnswer(f *testing.F) {
	const open = `0{"sid":"s","upgrades":[],"pingInterval":25000,"pingTimeout":20000}`
	for _, seed := range []string{
		"", "6", "1", "2", open + "\x1e40{\"sid\":\"x\"}", `40{"sid":"x","pid":"p"}` + "\x1e" + `42["a",{"b":1},"off"]`,
		`40{"sid":"x"}` + "\x1e" + `451-["a",{"_placeholder":true,"num":0}]` + "\x1ebAQID", `44{"message":"no"}`, `41`, `430["x"]`, "4", "b",
	} {
		f.Add([]byte(open), []byte(seed), 4)
	}
	f.Add([]byte("67:"+open), []byte("2:40"), 3)
	f.Add([]byte(open), []byte("\x00\x02\xff40"), 3)
	f.Fuzz(func(t *testing.T, first, second []byte, revision int) {
		served := 0
		server := engineiotest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodPost {
				return
			}
			served++
			switch served {
			case 1:
				_, _ = w.Write(first)
			case 2:
				w.Header().Set("Content-Type", http.DetectContentType(second))
				_, _ = w.Write(second)
			default:
				http.Error(w, "enough", http.StatusBadRequest)
			}
		}))
		defer server.Close()
		c, err := socketioclient.New(server.URL, socketioclient.Options{Revision: 3 + revision&1, Dial: server.Dial, DisableReconnect: true, MaxMessage: 1 << 16})
		if err != nil {
			t.Fatal(err)
		}
		s := c.Of("/", nil)
		s.OnAny(func(_ context.Context, e *socketioclient.Event) {
			var v any
			_ = e.Decode(&v)
			_ = e.Ack(e.Args())
			_, _ = e.Args().Binary(0)
		})
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		if s.Connect(ctx) == nil {
			_ = s.Emit("x", []byte{1})
		}
		c.Close()
		select {
		case <-c.Done():
		case <-time.After(10 * time.Second):
			t.Fatal("client does not end")
		}
	})
}
