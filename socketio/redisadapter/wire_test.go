package redisadapter_test

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/vmihailenco/msgpack/v5"

	"github.com/go-sails/sails/internal/leakcheck"
	"github.com/go-sails/sails/socketio"
	"github.com/go-sails/sails/socketio/redisadapter"
)

func TestMain(m *testing.M) { leakcheck.Main(m) }

const self = "0123456789abcdef"

func wire(level redisadapter.Level) *redisadapter.Wire {
	return redisadapter.NewWire(redisadapter.Config{Level: level}, "/", self)
}

func pack(t testing.TB, v any) []byte {
	t.Helper()
	b, err := msgpack.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

type object = map[string]any

// Spec 3.3, CB-4: what JavaScript nodes publish.
func TestDecode(t *testing.T) {
	type message = socketio.ClusterMessage
	id := self + "5:x"
	for _, c := range []struct {
		name string
		in   func(*redisadapter.Wire) error
		want []message
	}{
		{"broadcast", func(w *redisadapter.Wire) error {
			return w.Broadcast(pack(t, []any{"jnMrTO", object{"type": 2, "data": []any{"one", []byte{1}}, "nsp": "/"},
				object{"rooms": []any{"r", 7}, "except": []any{}, "flags": object{"volatile": true, "compress": false, "timeout": 1500, "x": []byte{1}}}}))
		}, []message{{
			UID: "jnMrTO", Type: socketio.ClusterBroadcast, Data: json.RawMessage(`["one",{"_placeholder":true,"num":0}]`), Attachments: [][]byte{{1}},
			Target: socketio.Target{Rooms: []string{"r", "7"}, Except: []string{}, Flags: socketio.Flags{Volatile: true, NoCompress: true, Timeout: 1500 * time.Millisecond}},
		}}},
		{"undefined payload, no namespace, no options", func(w *redisadapter.Wire) error {
			return w.Broadcast([]byte("\x92\xa1u\x82\xa4type\x02\xa4data\x92\xa1e\xd4\x00\x00"))
		}, []message{{UID: "u", Type: socketio.ClusterBroadcast, Data: json.RawMessage(`["e",null]`)}}},
		{"emitter of 2.x", func(w *redisadapter.Wire) error {
			return w.Broadcast(pack(t, []any{"emitter", object{"type": 5, "data": []any{"b"}, "nsp": "/"}, object{"rooms": []any{"r"}, "flags": object{}}}))
		}, []message{{UID: "emitter", Type: socketio.ClusterBroadcast, Data: json.RawMessage(`["b"]`), Target: socketio.Target{Rooms: []string{"r"}}}}},
		{"of another namespace", func(w *redisadapter.Wire) error {
			return w.Broadcast(pack(t, []any{"u", object{"type": 2, "data": []any{"e"}, "nsp": "/#"}, object{}}))
		}, nil},
		{"sockets", func(w *redisadapter.Wire) error {
			return w.Request([]byte(`{"requestId":"fdu6Yy","type":0,"rooms":["r"]}`))
		}, []message{{Type: socketio.ClusterFetchSockets, RequestID: "0:fdu6Yy", Target: socketio.Target{Rooms: []string{"r"}}}}},
		{"all rooms", func(w *redisadapter.Wire) error {
			return w.Request([]byte(`{"uid":"a","requestId":"b","type":1}`))
		}, []message{{UID: "a", Type: socketio.ClusterFetchSockets, RequestID: "1:b"}}},
		{"join", func(w *redisadapter.Wire) error {
			return w.Request([]byte(`{"uid":"a","type":2,"opts":{"rooms":["r"],"except":["x"]},"rooms":["z",1]}`))
		}, []message{{UID: "a", Type: socketio.ClusterSocketsJoin, Target: socketio.Target{Rooms: []string{"r"}, Except: []string{"x"}}, Rooms: []string{"z", "1"}}}},
		{"old leave", func(w *redisadapter.Wire) error {
			return w.Request([]byte(`{"requestId":"q","type":3,"sid":"s","room":"z"}`))
		}, []message{
			{Type: socketio.ClusterFetchSockets, RequestID: "2:q", Target: socketio.Target{Rooms: []string{"s"}}},
			{Type: socketio.ClusterSocketsLeave, Target: socketio.Target{Rooms: []string{"s"}}, Rooms: []string{"z"}},
		}},
		{"old disconnect", func(w *redisadapter.Wire) error {
			return w.Request([]byte(`{"requestId":"q","type":4,"sid":"s","close":true}`))
		}, []message{
			{Type: socketio.ClusterFetchSockets, RequestID: "2:q", Target: socketio.Target{Rooms: []string{"s"}}},
			{Type: socketio.ClusterDisconnectSockets, Target: socketio.Target{Rooms: []string{"s"}}, Close: true},
		}},
		{"fetch", func(w *redisadapter.Wire) error {
			return w.Request([]byte(`{"uid":"a","requestId":"b","type":5,"opts":{"rooms":[],"except":["x"]}}`))
		}, []message{{UID: "a", Type: socketio.ClusterFetchSockets, RequestID: "5:b", Target: socketio.Target{Rooms: []string{}, Except: []string{"x"}}}}},
		{"server-side event", func(w *redisadapter.Wire) error {
			return w.Request([]byte(`{"uid":"jnMrTO","requestId":"vSZhCU","type":6,"data":["sse",1]}`))
		}, []message{{UID: "jnMrTO", Type: socketio.ClusterServerSideEmit, RequestID: "6:vSZhCU", Data: json.RawMessage(`["sse",1]`)}}},
		{"of an emitter", func(w *redisadapter.Wire) error {
			return w.Request([]byte(`{"uid":"emitter","type":6,"data":["sse"]}`))
		}, []message{{UID: "emitter", Type: socketio.ClusterServerSideEmit, Data: json.RawMessage(`["sse"]`)}}},
		{"broadcast with acknowledgements", func(w *redisadapter.Wire) error {
			return w.Request(pack(t, object{"uid": "u", "requestId": "XLPs0T", "type": 7, "packet": object{"type": 2, "data": []any{"q", 1}, "nsp": "/"},
				"opts": object{"rooms": []any{}, "except": []any{}, "flags": object{"timeout": 1000}}}))
		}, []message{{
			UID: "u", Type: socketio.ClusterBroadcast, RequestID: "7:XLPs0T", Data: json.RawMessage(`["q",1]`),
			Target: socketio.Target{Rooms: []string{}, Except: []string{}, Flags: socketio.Flags{Timeout: time.Second}},
		}}},
		{"request of the future", func(w *redisadapter.Wire) error { return w.Request([]byte(`{"uid":"u","type":99}`)) }, nil},
		{"count", func(w *redisadapter.Wire) error {
			return w.Response([]byte(`{"type":8,"requestId":"` + id + `","clientCount":3}`))
		}, []message{{To: self, Type: socketio.ClusterBroadcastClientCount, RequestID: "5:x", Count: 3}}},
		{"acknowledgement", func(w *redisadapter.Wire) error {
			return w.Response(pack(t, object{"type": 9, "requestId": id, "packet": object{"b": []byte{9}}}))
		}, []message{{To: self, Type: socketio.ClusterBroadcastAck, RequestID: "5:x", Data: json.RawMessage(`[{"b":{"_placeholder":true,"num":0}}]`), Attachments: [][]byte{{9}}}}},
		{"acknowledgement without argument", func(w *redisadapter.Wire) error {
			return w.Response([]byte("\x83\xa4type\x09\xa9requestId\xb3" + id + "\xa6packet\xd4\x00\x00"))
		}, []message{{To: self, Type: socketio.ClusterBroadcastAck, RequestID: "5:x", Data: json.RawMessage(`[null]`)}}},
		{"answer to a server-side event", func(w *redisadapter.Wire) error {
			return w.Response([]byte(`{"type":6,"requestId":"` + id + `","data":"resp1"}`))
		}, []message{{To: self, Type: socketio.ClusterServerSideEmitResponse, RequestID: "5:x", Data: json.RawMessage(`["resp1"]`)}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := wire(redisadapter.Level8)
			if err := c.in(w); err != nil {
				t.Fatal(err)
			}
			if len(w.Got) != len(c.want) {
				t.Fatalf("%d messages, want %d", len(w.Got), len(c.want))
			}
			for i, want := range c.want {
				want.Namespace = "/"
				got := *w.Got[i]
				if strings.HasPrefix(got.UID, "answer ") {
					got.UID = ""
				}
				if !reflect.DeepEqual(got, want) {
					t.Errorf("got  %+v\nwant %+v", got, want)
				}
			}
		})
	}
}

func TestDecode_Sockets(t *testing.T) {
	w := wire(redisadapter.Level8)
	err := w.Response([]byte(`{"requestId":"` + self + `q","sockets":[` +
		`{"id":"s1","handshake":{"headers":{"a":"b"},"query":{"EIO":"4"},"address":"::1","secure":false,"issued":1700000000000,"auth":{}},"rooms":["s1",7],"data":{"x":1}},` +
		`{"id":"s2","handshake":{"secure":"what?"},"rooms":[]}]}`))
	if err != nil || len(w.Got) != 1 || len(w.Got[0].Sockets) != 2 {
		t.Fatalf("%v, %+v", err, w.Got)
	}
	first, second := w.Got[0].Sockets[0], w.Got[0].Sockets[1]
	if first.ID != "s1" || first.Handshake.Query.Get("EIO") != "4" || first.Rooms[1] != "7" || string(first.Data) != `{"x":1}` {
		t.Errorf("%+v", first)
	}
	if second.ID != "s2" || second.Handshake == nil {
		t.Errorf("%+v", second)
	}
}

// SEC-92: what does not fit is refused or ignored, nothing happens to everyone.
func TestDecode_Refused(t *testing.T) {
	for name, in := range map[string]func(*redisadapter.Wire) error{
		"empty":       func(w *redisadapter.Wire) error { return w.Broadcast(nil) },
		"empty array": func(w *redisadapter.Wire) error { return w.Broadcast([]byte{0x90}) },
		"no packet":   func(w *redisadapter.Wire) error { return w.Broadcast(pack(t, []any{"u", "x"})) },
		"no data":     func(w *redisadapter.Wire) error { return w.Broadcast(pack(t, []any{"u", object{"type": 2}, object{}})) },
		"a disconnect packet": func(w *redisadapter.Wire) error {
			return w.Broadcast(pack(t, []any{"u", object{"type": 1, "data": []any{"e"}}}))
		},
		"rooms are no array": func(w *redisadapter.Wire) error {
			return w.Broadcast(pack(t, []any{"u", object{"type": 2, "data": []any{"e"}}, object{"rooms": 1}}))
		},
		"a room is an object": func(w *redisadapter.Wire) error {
			return w.Request([]byte(`{"type":2,"opts":{"rooms":[{}]},"rooms":["a"]}`))
		},
		"an old join of nobody": func(w *redisadapter.Wire) error { return w.Request([]byte(`{"type":2,"room":"x"}`)) },
		"disconnect of nobody":  func(w *redisadapter.Wire) error { return w.Request([]byte(`{"type":4,"close":true}`)) },
		"ack without id": func(w *redisadapter.Wire) error {
			return w.Request([]byte(`{"type":7,"packet":{"type":2,"data":["e"]}}`))
		},
		"event is no array":      func(w *redisadapter.Wire) error { return w.Request([]byte(`{"type":6,"data":{}}`)) },
		"not JSON":               func(w *redisadapter.Wire) error { return w.Request([]byte(`{`)) },
		"deep":                   func(w *redisadapter.Wire) error { return w.Request(bytes.Repeat([]byte{0x91}, 1<<20)) },
		"own broadcast":          func(w *redisadapter.Wire) error { return w.Broadcast(pack(t, []any{self, object{}, object{}})) },
		"own request":            func(w *redisadapter.Wire) error { return w.Request([]byte(`{"uid":"` + self + `","type":1}`)) },
		"answer to somebody":     func(w *redisadapter.Wire) error { return w.Response([]byte(`{"requestId":"x","sockets":[]}`)) },
		"answer without content": func(w *redisadapter.Wire) error { return w.Response([]byte(`{"requestId":"` + self + `x"}`)) },
		"negative count": func(w *redisadapter.Wire) error {
			return w.Response([]byte(`{"type":8,"requestId":"` + self + `","clientCount":-1}`))
		},
	} {
		w := wire(redisadapter.Level8)
		if err := in(w); err == nil || len(w.Got) > 0 {
			t.Errorf("%s: %v, %d messages", name, err, len(w.Got))
		}
	}
}

// CB-2, CB-5: what goes where; a broadcast to one room has a channel of its own.
func TestEncode(t *testing.T) {
	target := socketio.Target{Rooms: []string{"r"}, Except: []string{"x"}}
	for _, c := range []struct {
		level   redisadapter.Level
		m       socketio.ClusterMessage
		channel string
		want    any // JSON text, or the value of MessagePack
	}{
		{0, socketio.ClusterMessage{Type: socketio.ClusterBroadcast, Data: json.RawMessage(`["e",1.5,{"b":{"_placeholder":true,"num":0}}]`), Attachments: [][]byte{{7}}, Target: target},
			"socket.io#/#r#", []any{"u", object{"type": int8(2), "data": []any{"e", 1.5, object{"b": []byte{7}}}, "nsp": "/"},
				object{"rooms": []any{"r"}, "except": []any{"x"}, "flags": object{}}}},
		{0, socketio.ClusterMessage{Type: socketio.ClusterBroadcast, Data: json.RawMessage(`["e"]`), Target: socketio.Target{Flags: socketio.Flags{Volatile: true, NoCompress: true}}},
			"socket.io#/#", []any{"u", object{"type": int8(2), "data": []any{"e"}, "nsp": "/"},
				object{"rooms": []any{}, "except": []any{}, "flags": object{"volatile": true, "compress": false}}}},
		{0, socketio.ClusterMessage{Type: socketio.ClusterSocketsJoin, Target: target, Rooms: []string{"z"}},
			"socket.io-request#/#", `{"uid":"u","type":2,"opts":{"rooms":["r"],"except":["x"]},"rooms":["z"]}`},
		{0, socketio.ClusterMessage{Type: socketio.ClusterSocketsLeave, Rooms: []string{"<z>"}},
			"socket.io-request#/#", `{"uid":"u","type":3,"opts":{"rooms":[],"except":[]},"rooms":["<z>"]}`},
		{0, socketio.ClusterMessage{Type: socketio.ClusterDisconnectSockets, Target: target},
			"socket.io-request#/#", `{"uid":"u","type":4,"opts":{"rooms":["r"],"except":["x"]},"close":false}`},
		{0, socketio.ClusterMessage{Type: socketio.ClusterFetchSockets, RequestID: "q"},
			"socket.io-request#/#", `{"uid":"u","requestId":"uq","type":5,"opts":{"rooms":[],"except":[]}}`},
		{0, socketio.ClusterMessage{Type: socketio.ClusterServerSideEmit, Data: json.RawMessage(`["e",1]`)},
			"socket.io-request#/#", `{"uid":"u","type":6,"data":["e",1]}`},
		{0, socketio.ClusterMessage{Type: socketio.ClusterBroadcast, RequestID: "q", Data: json.RawMessage(`["e"]`), Target: socketio.Target{Flags: socketio.Flags{Timeout: time.Second}}},
			"socket.io-request#/#", object{"uid": "u", "requestId": "uq", "type": int8(7), "opts": object{"rooms": []any{}, "except": []any{}, "flags": object{"timeout": uint16(1000)}},
				"packet": object{"type": int8(2), "data": []any{"e"}, "nsp": "/"}}},
		{redisadapter.Level6, socketio.ClusterMessage{Type: socketio.ClusterServerSideEmit, Data: json.RawMessage(`[{"_placeholder":true,"num":0}]`), Attachments: [][]byte{{1}}},
			"socket.io-request#/#", `{"uid":"u","type":6,"data":[{"_placeholder":true,"num":0}],"attachments":["AQ=="]}`},
		{0, socketio.ClusterMessage{Type: socketio.ClusterFetchSocketsResponse, RequestID: "0:q", Sockets: []socketio.SocketInfo{{ID: "s"}}},
			"socket.io-response#/#", `{"requestId":"q","sockets":["s"]}`},
		{0, socketio.ClusterMessage{Type: socketio.ClusterFetchSocketsResponse, RequestID: "0:q"},
			"socket.io-response#/#", `{"requestId":"q","sockets":[]}`},
		{0, socketio.ClusterMessage{Type: socketio.ClusterFetchSocketsResponse, RequestID: "1:q", Sockets: []socketio.SocketInfo{{ID: "s", Rooms: []string{"s", "r"}}, {ID: "t", Rooms: []string{"r"}}}},
			"socket.io-response#/#", `{"requestId":"q","rooms":["s","r"]}`},
		{0, socketio.ClusterMessage{Type: socketio.ClusterFetchSocketsResponse, RequestID: "2:q", Sockets: []socketio.SocketInfo{{ID: "s"}}},
			"socket.io-response#/#", `{"requestId":"q"}`},
		{0, socketio.ClusterMessage{Type: socketio.ClusterFetchSocketsResponse, RequestID: "2:q"}, "", nil},
		{0, socketio.ClusterMessage{Type: socketio.ClusterServerSideEmitResponse, RequestID: "6:q", Data: json.RawMessage(`["a"]`)},
			"socket.io-response#/#", `{"type":6,"requestId":"q","data":"a"}`},
		{0, socketio.ClusterMessage{Type: socketio.ClusterBroadcastClientCount, RequestID: "7:q"},
			"socket.io-response#/#", `{"type":8,"requestId":"q","clientCount":0}`},
		{0, socketio.ClusterMessage{Type: socketio.ClusterBroadcastAck, RequestID: "7:q", Data: json.RawMessage(`["a","b"]`)},
			"socket.io-response#/#", object{"type": int8(9), "requestId": "q", "packet": "a"}},
		{0, socketio.ClusterMessage{Type: socketio.ClusterHeartbeat}, "", nil},
		{0, socketio.ClusterMessage{Type: socketio.ClusterAdapterClose}, "", nil},
	} {
		c.m.UID, c.m.Namespace = "u", "/"
		channel, payload, err := wire(c.level).Encode(&c.m)
		if err != nil || channel != c.channel {
			t.Errorf("%+v: channel %q, %v", c.m, channel, err)
			continue
		}
		switch want := c.want.(type) {
		case nil:
		case string:
			if string(payload) != want {
				t.Errorf("got  %s\nwant %s", payload, want)
			}
		default:
			var got any
			if err := msgpack.Unmarshal(payload, &got); err != nil || !reflect.DeepEqual(got, want) {
				t.Errorf("got  %#v, %v\nwant %#v", got, err, want)
			}
		}
	}
}

// CB-4: the first bytes as notepack writes them.
func TestEncode_Bytes(t *testing.T) {
	_, payload, err := wire(0).Encode(&socketio.ClusterMessage{
		UID: "vTrG6i", Namespace: "/", Type: socketio.ClusterBroadcast, Data: json.RawMessage(`["ev",{"x":1}]`), Target: socketio.Target{Rooms: []string{"r1"}},
	})
	const want = "\x93\xa6vTrG6i\x83\xa4type\x02\xa4data\x92\xa2ev\x81\xa1x\x01\xa3nsp\xa1/\x83\xa5rooms\x91\xa2r1\xa6except\x90\xa5flags\x80"
	if err != nil || string(payload) != want {
		t.Errorf("%q, %v", payload, err)
	}
}

// SEC-60: names are not patterns.
func TestGlob(t *testing.T) {
	if got := redisadapter.Glob(`/a*b?[c]\d`); got != `/a\*b\?\[c\]\\d` {
		t.Error(got)
	}
}

func TestConfig(t *testing.T) {
	for name, cfg := range map[string]redisadapter.Config{
		"no Redis": {}, "Level": {Level: 5}, "Timeout": {Timeout: -1},
	} {
		if name != "no Redis" {
			cfg.Redis = options("127.0.0.1:1")
		}
		if _, err := redisadapter.New(cfg); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
