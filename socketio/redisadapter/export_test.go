package redisadapter

import (
	"github.com/redis/go-redis/v9"

	"github.com/go-sails/sails/socketio"
)

// Wire is an adapter without a connection.
type Wire struct {
	a   *Adapter
	m   *membership
	Got []*socketio.ClusterMessage
}

// NewWire returns the coder of node self in namespace.
func NewWire(cfg Config, namespace, self string) *Wire {
	cfg.Key = "socket.io"
	w := &Wire{a: &Adapter{link: &link{cfg: cfg}}}
	w.m = &membership{namespace: namespace, self: self, channels: w.a.channels(namespace, self)}
	w.m.deliver = func(m *socketio.ClusterMessage) { w.Got = append(w.Got, m) }
	return w
}

func (w *Wire) Encode(m *socketio.ClusterMessage) (string, []byte, error) { return w.a.encode(m) }
func (w *Wire) Broadcast(data []byte) error                               { return w.a.onBroadcast(w.m, data) }
func (w *Wire) Request(data []byte) error                                 { return w.a.onRequest(w.m, data) }
func (w *Wire) Response(data []byte) error                                { return w.a.onResponse(w.m, data) }

var Glob = glob.Replace

// EncodeEntry returns the fields of an entry of a stream, DecodeEntry reads them.
func EncodeEntry(m *socketio.ClusterMessage) ([]string, error) {
	fields, _, err := encodeEntry(m)
	return fields, err
}

func DecodeEntry(id string, fields []string, self string) (*socketio.ClusterMessage, error) {
	x := &redis.XMessage{ID: id, Values: make(map[string]any)}
	for i := 0; i+1 < len(fields); i += 2 {
		x.Values[fields[i]] = fields[i+1]
	}
	return decodeEntry(x, self, 2000)
}

// DecodeSaved returns the id in the state of a socket.
func DecodeSaved(text string) (string, error) {
	s, err := decodeSaved(text, 2000)
	return s.SID, err
}

func (a *Streams) StreamName(namespace string) string { return a.streamName(namespace) }

var Following = following
