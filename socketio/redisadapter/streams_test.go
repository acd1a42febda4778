package redisadapter_test

import (
	"context"
	"errors"
	"net"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/go-sails/sails/socketio"
	"github.com/go-sails/sails/socketio/redisadapter"
)

// Spec 3.6: the fields of entries.
func TestStreamEntries(t *testing.T) {
	target := socketio.Target{Rooms: []string{"r"}, Except: []string{}}
	for _, c := range []struct {
		m      socketio.ClusterMessage
		fields []string
	}{
		{
			socketio.ClusterMessage{Type: socketio.ClusterBroadcast, Data: []byte(`["e",1]`), Target: target},
			[]string{"uid", "u", "nsp", "/", "type", "3", "data", `{"packet":{"type":2,"data":["e",1]},"opts":{"rooms":["r"],"except":[],"flags":{}}}`},
		},
		{
			socketio.ClusterMessage{Type: socketio.ClusterSocketsJoin, Target: target, Rooms: []string{"x"}},
			[]string{"uid", "u", "nsp", "/", "type", "4", "data", `{"opts":{"rooms":["r"],"except":[]},"rooms":["x"]}`},
		},
		{
			socketio.ClusterMessage{Type: socketio.ClusterDisconnectSockets, Target: target, Close: true},
			[]string{"uid", "u", "nsp", "/", "type", "6", "data", `{"opts":{"rooms":["r"],"except":[]},"close":true}`},
		},
	} {
		c.m.UID, c.m.Namespace = "u", "/"
		got, err := redisadapter.EncodeEntry(&c.m)
		if err != nil || !reflect.DeepEqual(got, c.fields) {
			t.Errorf("encoded %q, %v\nwant    %q", got, err, c.fields)
		}
		back, err := redisadapter.DecodeEntry("1-2", c.fields, "other")
		c.m.Offset = "1-2"
		if err != nil || !reflect.DeepEqual(*back, c.m) {
			t.Errorf("decoded %+v, %v\nwant    %+v", back, err, c.m)
		}
	}
	m := &socketio.ClusterMessage{
		UID: "u", Namespace: "/", Type: socketio.ClusterBroadcast, Data: []byte(`["b",{"_placeholder":true,"num":0}]`),
		Attachments: [][]byte{{0, 255}}, Target: target, Serial: 7,
	}
	fields, err := redisadapter.EncodeEntry(m)
	if err != nil || len(fields) != 10 || strings.HasPrefix(fields[7], "{") || fields[8] != "n" || fields[9] != "7" {
		t.Fatalf("%q, %v", fields, err)
	}
	back, err := redisadapter.DecodeEntry("1-2", fields, "other")
	if err != nil || string(back.Attachments[0]) != "\x00\xff" || string(back.Data) != string(m.Data) {
		t.Errorf("%+v, %v", back, err)
	}
	// Of a node's own entries only the broadcasts with a number come back.
	if back, err = redisadapter.DecodeEntry("1-2", fields, "u"); err != nil || back.Serial != 7 || back.Offset != "1-2" {
		t.Errorf("%+v, %v", back, err)
	}
	if back, err = redisadapter.DecodeEntry("1-2", fields[:8], "u"); err != nil || back != nil {
		t.Errorf("%+v, %v", back, err)
	}
}

// SEC-92
func TestStreamEntries_Refused(t *testing.T) {
	for _, data := range []string{"{", "null", "*", "e30=", `{"packet":{"type":1,"data":[]}}`, strings.Repeat("A", 4096)} {
		if m, err := redisadapter.DecodeEntry("1-2", []string{"uid", "u", "nsp", "/", "type", "3", "data", data}, "o"); err == nil {
			t.Errorf("%.80q: %+v", data, m)
		}
	}
	for _, fields := range [][]string{nil, {"type", "x"}, {"uid", "u", "type", "3", "nsp", "/"}, {"type", "3", "uid", "o", "n", "x"}} {
		if m, err := redisadapter.DecodeEntry("1-2", fields, "o"); err == nil {
			t.Errorf("%q: %+v", fields, m)
		}
	}
	if m, err := redisadapter.DecodeEntry("1-2", []string{"type", "99"}, "o"); m != nil || err != nil {
		t.Errorf("%+v, %v", m, err)
	}
}

// The hash is that of JavaScript: 32 bits with a sign, over UTF-16.
func TestStreamName(t *testing.T) {
	a, err := redisadapter.NewStreams(redisadapter.Config{Redis: options("127.0.0.1:1"), Streams: redisadapter.StreamsConfig{Count: 5}})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	for namespace, want := range map[string]string{
		"/": "socket.io-2", "/chat": "socket.io-3", "/admin": "socket.io-3", "/news/very/long/name": "socket.io--3", "/é😀": "socket.io-4",
	} {
		if got := a.StreamName(namespace); got != want {
			t.Errorf("%s: %s, want %s", namespace, got, want)
		}
	}
}

func TestStreamOffsets(t *testing.T) {
	a, err := redisadapter.NewStreams(redisadapter.Config{Redis: options("127.0.0.1:1")})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	order := []string{"0-0", "0-1", "1-0", "9-18446744073709551615", "10-0", "18446744073709551615-0"}
	for i, x := range order {
		for j, y := range order {
			if got := a.Compare(x, y); got < 0 != (i < j) || got == 0 != (i == j) {
				t.Errorf("%s and %s: %d", x, y, got)
			}
		}
		if !a.ValidOffset(x) {
			t.Errorf("%q is an offset", x)
		}
	}
	for _, x := range []string{"", "-", "1", "1-", "-1", "+1-0", "01-0", "1-00", "1-0 ", "18446744073709551616-0", "1-0-0", "1_0-0"} {
		if a.ValidOffset(x) {
			t.Errorf("%q is no offset", x)
		}
	}
}

func TestNewStreams_Refuses(t *testing.T) {
	o := options("127.0.0.1:1")
	for name, cfg := range map[string]redisadapter.Config{
		"no address": {}, "level": {Redis: o, Level: redisadapter.Level6}, "specific": {Redis: o, SpecificResponses: true},
		"static": {Redis: o, StaticChannels: true}, "negative": {Redis: o, Streams: redisadapter.StreamsConfig{MaxLen: -1}},
		"many": {Redis: o, Streams: redisadapter.StreamsConfig{Count: 1025}},
	} {
		if a, err := redisadapter.NewStreams(cfg); err == nil {
			t.Errorf("%s: no error", name)
			_ = a.Close()
		}
	}
}

// Recovery needs the messages of rooms that are empty at the moment.
func TestSharded_CheckConfig(t *testing.T) {
	o := options("127.0.0.1:1")
	for _, static := range []bool{false, true} {
		a, err := redisadapter.NewSharded(redisadapter.Config{Redis: o, StaticChannels: static, Timeout: 50 * time.Millisecond})
		if err != nil {
			t.Fatal(err)
		}
		io, err := socketio.NewServer(socketio.Config{Adapter: a, Recovery: &socketio.Recovery{}})
		if (err == nil) != static {
			t.Errorf("static %v: %v", static, err)
		}
		if err != nil {
			if !strings.Contains(err.Error(), "StaticChannels") {
				t.Error(err)
			}
			err = a.Close()
		} else {
			err = io.Shutdown(context.Background())
		}
		if err != nil {
			t.Error(err)
		}
	}
}

// Without Redis everything fails at once or in a bounded time, and Close works.
func TestStreams_WithoutRedis(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	_ = l.Close() // nobody listens there now
	a, err := redisadapter.NewStreams(redisadapter.Config{Redis: options(address), Timeout: 200 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	if err := a.Join(ctx, "/", self, func(*socketio.ClusterMessage) {}); !errors.Is(err, redisadapter.ErrDown) {
		t.Errorf("Join: %v", err)
	}
	m := &socketio.ClusterMessage{UID: self, Namespace: "/", Type: socketio.ClusterBroadcast, Data: []byte(`["e"]`)}
	if _, err := a.Publish(ctx, m); !errors.Is(err, redisadapter.ErrDown) {
		t.Errorf("Publish: %v", err)
	}
	if err := a.Append(m, func(string, error) { t.Error("done was called") }); !errors.Is(err, redisadapter.ErrDown) {
		t.Errorf("Append: %v", err)
	}
	if err := a.Save(ctx, "/", &socketio.SavedSocket{PID: "p", ID: "i"}, time.Minute); !errors.Is(err, redisadapter.ErrDown) {
		t.Errorf("Save: %v", err)
	}
	if _, err := a.Take(ctx, "/", "p"); !errors.Is(err, redisadapter.ErrDown) {
		t.Errorf("Take: %v", err)
	}
	if err := a.Since(ctx, "/", "1-0", "2-0", nil); !errors.Is(err, redisadapter.ErrDown) {
		t.Errorf("Since: %v", err)
	}
	if err := a.Close(); err != nil {
		t.Error(err)
	}
	if err := a.Close(); err != nil {
		t.Errorf("Close again: %v", err)
	}
}

// SEC-92: entries and states of other nodes may be anything.
func FuzzStreams(f *testing.F) {
	f.Add("3", `{"packet":{"type":2,"data":["all",1]},"opts":{"rooms":[1],"except":[]}}`, "1-2")
	f.Add("4", "gqRvcHRzg6Vyb29tc5Ghcg==", "18446744073709551615-18446744073709551615")
	f.Add("6", "{}", "-")
	a, err := redisadapter.NewStreams(redisadapter.Config{Redis: &redis.UniversalOptions{Addrs: []string{"127.0.0.1:1"}}})
	if err != nil {
		f.Fatal(err)
	}
	defer a.Close()
	f.Fuzz(func(t *testing.T, kind, data, id string) {
		m, err := redisadapter.DecodeEntry(id, []string{"uid", "u", "nsp", data, "type", kind, "data", data, "n", id}, "o")
		if err == nil && m != nil && m.Type != socketio.ClusterFetchSocketsResponse {
			if _, err := redisadapter.EncodeEntry(m); err != nil && !strings.Contains(err.Error(), "packjson") {
				t.Fatalf("%+v: %v", m, err)
			}
		}
		if s, err := redisadapter.DecodeSaved(data); err == nil && s == "" {
			t.Fatal("a state without an id")
		}
		if a.ValidOffset(id) && id != "18446744073709551615-18446744073709551615" && a.Compare(id, redisadapter.Following(id)) >= 0 {
			t.Fatalf("%q is not before %q", id, redisadapter.Following(id))
		}
		_ = a.StreamName(data)
	})
}
