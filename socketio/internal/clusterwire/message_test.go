package clusterwire_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/go-sails/sails/internal/leakcheck"
	"github.com/go-sails/sails/socketio"
	"github.com/go-sails/sails/socketio/internal/clusterwire"
)

func TestMain(m *testing.M) { leakcheck.Main(m) }

func raw(s string) json.RawMessage { return json.RawMessage(s) }

// Spec 3.2 and 3.4: the bytes of each type, and back.
func TestMessages(t *testing.T) {
	target := socketio.Target{Rooms: []string{"r"}, Except: []string{}}
	everyone := socketio.Target{Rooms: []string{}, Except: []string{}}
	for _, c := range []struct {
		m    socketio.ClusterMessage
		wire string
	}{
		{socketio.ClusterMessage{Type: 1}, `{"uid":"u","nsp":"/","type":1}`},
		{socketio.ClusterMessage{Type: 2}, `{"uid":"u","nsp":"/","type":2}`},
		{socketio.ClusterMessage{Type: 3, Data: raw(`["all",1,"<é>"]`), Target: everyone}, `{"uid":"u","nsp":"/","type":3,"data":{"packet":{"type":2,"data":["all",1,"<é>"]},"opts":{"rooms":[],"except":[],"flags":{}}}}`},
		{
			socketio.ClusterMessage{Type: 3, Data: raw(`["q"]`), RequestID: "x", Target: socketio.Target{Rooms: []string{}, Except: []string{"e"}, Flags: socketio.Flags{Volatile: true, NoCompress: true, Timeout: time.Second}}},
			`{"uid":"u","nsp":"/","type":3,"data":{"packet":{"type":2,"data":["q"]},"opts":{"rooms":[],"except":["e"],"flags":{"volatile":true,"compress":false,"timeout":1000}},"requestId":"x"}}`,
		},
		{socketio.ClusterMessage{Type: 4, Target: target, Rooms: []string{"a"}}, `{"uid":"u","nsp":"/","type":4,"data":{"opts":{"rooms":["r"],"except":[]},"rooms":["a"]}}`},
		{socketio.ClusterMessage{Type: 5, Target: target, Rooms: []string{}}, `{"uid":"u","nsp":"/","type":5,"data":{"opts":{"rooms":["r"],"except":[]},"rooms":[]}}`},
		{socketio.ClusterMessage{Type: 6, Target: everyone, Close: true}, `{"uid":"u","nsp":"/","type":6,"data":{"opts":{"rooms":[],"except":[]},"close":true}}`},
		{socketio.ClusterMessage{Type: 7, Target: everyone, RequestID: "x"}, `{"uid":"u","nsp":"/","type":7,"data":{"opts":{"rooms":[],"except":[]},"requestId":"x"}}`},
		{socketio.ClusterMessage{Type: 8, RequestID: "x", Sockets: []socketio.SocketInfo{}}, `{"uid":"u","nsp":"/","type":8,"data":{"requestId":"x","sockets":[]}}`},
		{socketio.ClusterMessage{Type: 9, Data: raw(`["e",1]`)}, `{"uid":"u","nsp":"/","type":9,"data":{"packet":["e",1]}}`},
		{socketio.ClusterMessage{Type: 10, RequestID: "x", Data: raw(`["v"]`)}, `{"uid":"u","nsp":"/","type":10,"data":{"packet":"v","requestId":"x"}}`},
		{socketio.ClusterMessage{Type: 11, RequestID: "x", Count: 3}, `{"uid":"u","nsp":"/","type":11,"data":{"requestId":"x","clientCount":3}}`},
		{socketio.ClusterMessage{Type: 12, RequestID: "x", Data: raw(`["v"]`)}, `{"uid":"u","nsp":"/","type":12,"data":{"packet":"v","requestId":"x"}}`},
		{socketio.ClusterMessage{Type: 13}, `{"uid":"u","nsp":"/","type":13}`},
	} {
		c.m.UID, c.m.Namespace = "u", "/"
		got, err := clusterwire.Encode(&c.m)
		if err != nil || string(got) != c.wire {
			t.Errorf("encoded %s, %v\nwant    %s", got, err, c.wire)
		}
		back, err := clusterwire.Decode([]byte(c.wire))
		if err != nil || !reflect.DeepEqual(*back, c.m) {
			t.Errorf("%s\ndecoded %+v, %v\nwant    %+v", c.wire, back, err, c.m)
		}
	}
}

func TestBinary(t *testing.T) {
	m := socketio.ClusterMessage{
		UID: "u", Namespace: "/", Type: socketio.ClusterBroadcast, Data: raw(`["b",{"_placeholder":true,"num":0}]`),
		Attachments: [][]byte{{0, 255}}, Target: socketio.Target{Rooms: []string{}, Except: []string{}},
	}
	packed, err := clusterwire.Encode(&m)
	if err != nil || packed[0] == '{' {
		t.Fatalf("%q, %v", packed, err)
	}
	back, err := clusterwire.Decode(packed)
	if err != nil || !reflect.DeepEqual(*back, m) {
		t.Errorf("%+v, %v", back, err)
	}
}

func TestSockets(t *testing.T) {
	m := socketio.ClusterMessage{UID: "u", Namespace: "/", Type: socketio.ClusterFetchSocketsResponse, RequestID: "x", Sockets: []socketio.SocketInfo{
		{ID: "s", Handshake: &socketio.Handshake{Header: http.Header{"A": {"b"}}, Address: "::1"}, Rooms: []string{"s", "r"}, Data: raw(`{"x":1}`)},
	}}
	text, err := clusterwire.Encode(&m)
	if err != nil {
		t.Fatal(err)
	}
	back, err := clusterwire.Decode(text)
	if err != nil || len(back.Sockets) != 1 {
		t.Fatalf("%+v, %v", back, err)
	}
	s := back.Sockets[0]
	if s.ID != "s" || s.Handshake.Header.Get("A") != "b" || s.Handshake.Address != "::1" || len(s.Rooms) != 2 || string(s.Data) != `{"x":1}` {
		t.Errorf("%+v", s)
	}
}

// SEC-92
func TestRefused(t *testing.T) {
	for _, text := range []string{
		``, `{`, `null x`, `{"type":3}`, `{"type":3,"data":{"packet":{"type":1,"data":[]}}}`, `{"type":3,"data":{"packet":{"type":2,"data":{}}}}`,
		`{"type":6,"data":{"close":true}}`, `{"type":4,"data":{"opts":{"rooms":[[]]}}}`, `{"type":8,"data":{}}`, `{"type":9,"data":{"packet":1}}`,
		`{"type":11,"data":{"clientCount":-1}}`, `{"type":11,"data":{"clientCount":1e99}}`, `{"type":"3"}`, `{"type":7,"data":null}`,
		string(bytes.Repeat([]byte{0x91}, 1<<20)), `{"type":9,"data":{"packet":` + strings.Repeat("[", 20_000) + strings.Repeat("]", 20_000) + `}}`,
	} {
		if m, err := clusterwire.Decode([]byte(text)); err == nil {
			t.Errorf("%.80q: %+v", text, m)
		}
	}
	for _, text := range []string{`{"type":99}`, `{"type":-1,"data":{}}`, `{}`} {
		if m, err := clusterwire.Decode([]byte(text)); m != nil || err != nil {
			t.Errorf("%s: %+v, %v", text, m, err)
		}
	}
	if _, err := clusterwire.Encode(&socketio.ClusterMessage{Type: 99}); err == nil {
		t.Error("an unknown type was encoded")
	}
}

func FuzzDecode(f *testing.F) {
	for _, s := range []string{
		`{"uid":"u","nsp":"/","type":3,"data":{"packet":{"type":2,"data":["all",1]},"opts":{"rooms":[1],"except":[],"flags":{"timeout":1}}}}`,
		`{"uid":"u","nsp":"/","type":4,"data":{"opts":{"rooms":["r"],"except":[]},"rooms":["a"]}}`,
		`{"uid":"u","nsp":"/","type":8,"data":{"requestId":"x","sockets":[{"id":"s","handshake":{},"rooms":[],"data":{}}]}}`,
		`{"uid":"u","nsp":"/","type":12,"data":{"requestId":"x"}}`, "\x83\xa3uid\xa1u\xa4type\x09\xa4data\x81\xa6packet\x92\xa1e\xc4\x01\x00",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := clusterwire.Decode(data)
		if err != nil || m == nil {
			return
		}
		if m.Data != nil && !json.Valid(m.Data) {
			t.Fatalf("%q became %q", data, m.Data)
		}
		if m.Type == socketio.ClusterFetchSocketsResponse {
			return // a handshake's text may be anything
		}
		wire, err := clusterwire.Encode(m)
		if err != nil {
			if strings.Contains(err.Error(), "packjson") {
				return // a number beyond what MessagePack has
			}
			t.Fatalf("%q: %v", data, err)
		}
		if _, err := clusterwire.Decode(wire); err != nil {
			t.Fatalf("%q as %q: %v", data, wire, err)
		}
	})
}
