package redisadapter

import "github.com/go-sails/sails/socketio"

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
