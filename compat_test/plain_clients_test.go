package compat_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/mux"

	"github.com/go-sails/sails/compat_test/internal/driver"
	"github.com/go-sails/sails/compat_test/internal/program"
	"github.com/go-sails/sails/engineio"
	"github.com/go-sails/sails/sailsio"
	"github.com/go-sails/sails/socketio"
	"github.com/go-sails/sails/socketio/socketioclient"
)

// plainRequests are virtual requests as applications write them who do without
// sails.io.js: every member but url may be missing.
var plainRequests = [][2]any{
	{"get", map[string]any{"url": "/hello/ann?x=1"}},
	{"post", map[string]any{"method": "post", "url": "/hello/bob", "headers": map[string]any{"X-App": "mobile"}, "data": map[string]any{"text": "zażółć 日本"}}},
	{"delete", map[string]any{"url": "/hello/carl"}},
	{"put", map[string]any{"url": "/nothing/here"}},
	{"get", map[string]any{"data": map[string]any{}}},
}

// plainServed and plainRefused are the answers, as JSON without what the texts of
// errors explain.
var (
	plainServed = []string{
		`{"body":{"body":"","method":"GET","who":"ann","x":"1","x-app":""},"headers":{"Content-Type":"application/json","content-type":"application/json"},"statusCode":200}`,
		`{"body":{"body":"{\"text\":\"zażółć 日本\"}","method":"POST","who":"bob","x":"","x-app":"mobile"},"headers":{"Content-Type":"application/json","content-type":"application/json"},"statusCode":200}`,
		`{"body":{"body":"","method":"DELETE","who":"carl","x":"","x-app":""},"headers":{"Content-Type":"application/json","content-type":"application/json"},"statusCode":200}`,
		`404`,
		`SAILS:HOOK:SOCKETS:PARSE_VIRTUAL_REQ`,
	}
	plainRefused = []string{
		`SAILS:HOOK:SOCKETS:PARSE_VIRTUAL_REQ`, `SAILS:HOOK:SOCKETS:PARSE_VIRTUAL_REQ`, `SAILS:HOOK:SOCKETS:PARSE_VIRTUAL_REQ`,
		`SAILS:HOOK:SOCKETS:PARSE_VIRTUAL_REQ`, `SAILS:HOOK:SOCKETS:PARSE_VIRTUAL_REQ`,
	}
)

// TestPlainClients sends virtual requests with clients that know nothing of Sails:
// socket.io-client of both generations and the client of this library in both
// revisions, over each transport. They are served when the gate for them is open, or
// when they say what sails.io.js would say, and refused otherwise (ER-6, ER-1, ER-2).
func TestPlainClients(t *testing.T) {
	t.Parallel()
	open, gated := plainServer(t, true), plainServer(t, false)
	cases := []struct {
		name, server string
		query        map[string]string
		want         []string
	}{
		{"open gate", open, nil, plainServed},
		{"gate", gated, nil, plainRefused},
		{"gate, with a version", gated, map[string]string{"__sails_io_sdk_version": "1.2.1", "__sails_io_sdk_platform": "mobile", "__sails_io_sdk_language": "other"}, plainServed},
	}
	transports := [][]string{{"websocket"}, {"polling"}, {"polling", "websocket"}}
	for _, version := range []string{"2.5.0", "4.8.4"} {
		t.Run("socket.io-client "+version, func(t *testing.T) {
			d := driver.ForTest(t, program.Root(t), "plain.mjs", version)
			for _, c := range cases {
				for _, names := range transports {
					t.Run(c.name+"/"+strings.Join(names, " to "), func(t *testing.T) {
						var got struct {
							Answers, Events []json.RawMessage
							Problem         string
						}
						job := map[string]any{"url": c.server, "transports": names, "query": c.query, "requests": plainRequests}
						if err := d.Do(job, &got, 20*time.Second); err != nil {
							t.Fatal(err)
						}
						if got.Problem != "" {
							t.Fatal(got.Problem)
						}
						comparePlain(t, got.Answers, got.Events, c.want)
					})
				}
			}
		})
	}
	for _, revision := range []int{3, 4} {
		for _, c := range cases {
			for _, names := range transports {
				t.Run(fmt.Sprintf("socketioclient, revision %d/%s/%s", revision, c.name, strings.Join(names, " to ")), func(t *testing.T) {
					answers, events := playPlain(t, c.server, revision, names, c.query)
					comparePlain(t, answers, events, c.want)
				})
			}
		}
	}
}

// playPlain is plain.mjs with the client of this library.
func playPlain(t *testing.T, server string, revision int, transports []string, query map[string]string) (answers, events []json.RawMessage) {
	t.Helper()
	o := socketioclient.Options{Revision: revision, Query: url.Values{}, DisableReconnect: true}
	for _, name := range transports {
		o.Transports = append(o.Transports, socketioclient.Transport(name))
	}
	for name, value := range query {
		o.Query.Set(name, value)
	}
	client, err := socketioclient.New(server, o)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = client.Close() }()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	socket := client.Of("/", nil)
	heard := make(chan json.RawMessage, 16)
	for _, name := range []string{"news", "sails:parseError"} {
		socket.On(name, func(_ context.Context, e *socketioclient.Event) {
			var arg json.RawMessage
			if err := e.Decode(&arg); err != nil {
				t.Error(err)
			}
			text, err := json.Marshal([]any{name, arg})
			if err != nil {
				t.Error(err)
			}
			heard <- text
		})
	}
	if err := socket.Connect(ctx); err != nil {
		t.Fatal(err)
	}
	for _, request := range plainRequests {
		args, err := socket.EmitAck(ctx, request[0].(string), request[1])
		if err != nil {
			t.Fatal(err)
		}
		var answer json.RawMessage
		if err := args.Decode(&answer); err != nil {
			t.Fatal(err)
		}
		answers = append(answers, answer)
	}
	if err := socket.Emit("get", map[string]any{"url": 7}); err != nil {
		t.Fatal(err)
	}
	for range 2 { // the test knows how many events come
		select {
		case text := <-heard:
			events = append(events, text)
		case <-ctx.Done():
			t.Fatalf("%d events, then none", len(events))
		}
		if strings.HasPrefix(string(events[len(events)-1]), `["sails:parseError"`) {
			break
		}
	}
	return answers, events
}

// comparePlain compares the answers and what came beside them: the news of the post,
// when it was served, and the error of the request nobody waited for.
func comparePlain(t *testing.T, answers, events []json.RawMessage, want []string) {
	t.Helper()
	if len(answers) != len(want) {
		t.Fatalf("%d answers to %d requests", len(answers), len(want))
	}
	for i, answer := range answers {
		if got := plainShown(t, answer); got != want[i] {
			t.Errorf("request %d is answered\n%s instead of\n%s", i+1, got, want[i])
		}
	}
	names := []string{"sails:parseError"}
	if want[1] == plainServed[1] {
		names = []string{"news", "sails:parseError"}
	}
	var got []string
	for _, event := range events {
		var parts []json.RawMessage
		var name string
		if err := json.Unmarshal(event, &parts); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(parts[0], &name); err != nil {
			t.Fatal(err)
		}
		got = append(got, name)
	}
	if !reflect.DeepEqual(got, names) {
		t.Errorf("events %q instead of %q", got, names)
	}
}

// plainShown is the answer with sorted keys, the code of one that could not be
// parsed, or the status of an error.
func plainShown(t *testing.T, answer json.RawMessage) string {
	t.Helper()
	var members map[string]any
	if err := json.Unmarshal(answer, &members); err != nil {
		t.Fatalf("%v: %s", err, answer)
	}
	if code, ok := members["code"].(string); ok {
		return code
	}
	if members["statusCode"] != 200.0 {
		return fmt.Sprint(members["statusCode"])
	}
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(members); err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(b.String())
}

// plainServer serves both transports, and clients without a version when open.
func plainServer(t *testing.T, open bool) string {
	t.Helper()
	r := mux.NewRouter()
	app, err := sailsio.New(sailsio.Config{Handler: r, AllowPlainClients: open, SocketIO: socketio.Config{
		Engine: engineio.Config{Transports: []engineio.Transport{engineio.Polling, engineio.WebSocket}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	r.HandleFunc("/last", func(http.ResponseWriter, *http.Request) {})
	r.HandleFunc("/hello/{who}", func(w http.ResponseWriter, req *http.Request) {
		body, _ := io.ReadAll(req.Body)
		if req.Method == http.MethodPost {
			_ = app.Sockets().Broadcast(req.Context(), sailsio.SocketID(req), "news", "posted")
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(map[string]string{
			"who": mux.Vars(req)["who"], "method": req.Method, "x": req.URL.Query().Get("x"), "x-app": req.Header.Get("X-App"), "body": string(body),
		})
	})
	server := httptest.NewServer(app)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		_ = app.Shutdown(ctx)
		server.CloseClientConnections()
		server.Close()
	})
	return server.URL
}
