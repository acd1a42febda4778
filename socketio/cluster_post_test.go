package socketio_test

import (
	"context"
	"errors"
	"testing"

	"github.com/go-sails/sails/socketio"
)

// poster is an adapter that need not be waited for.
type poster struct {
	*wire
	posted chan *socketio.ClusterMessage
	fail   error
}

func (p *poster) Post(_ context.Context, m *socketio.ClusterMessage) error {
	if p.fail != nil {
		return p.fail
	}
	c := *m
	p.posted <- &c
	return nil
}

// Events and answers are posted; what changes sockets, and questions, is published: the
// caller knows that it is on its way to the other nodes.
func TestCluster_Post(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		p := &poster{wire: newWire(), posted: make(chan *socketio.ClusterMessage, 10)}
		r := peer(t, p)
		ns, ctx := r.io.Of("/"), context.Background()
		c := r.join()

		must(t, ns.To(c.sid).Emit(ctx, "e", 1))
		c.expect(`2["e",1]`)
		if m := await(t, p.posted); m.Type != socketio.ClusterBroadcast || m.UID != p.self || m.Namespace != "/" || string(m.Data) != `["e",1]` {
			t.Errorf("posted %+v", m)
		}
		must(t, ns.ServerSideEmit(ctx, "s"))
		equal(t, await(t, p.posted).Type, socketio.ClusterServerSideEmit)
		p.deliver["/"](&socketio.ClusterMessage{UID: "peer", Namespace: "/", Type: socketio.ClusterFetchSockets, RequestID: "r"})
		if m := await(t, p.posted); m.Type != socketio.ClusterFetchSocketsResponse || m.To != "peer" || len(m.Sockets) != 1 {
			t.Errorf("answered %+v", m)
		}

		must(t, ns.SocketsJoin(ctx, "room"))
		equal(t, await(t, p.sent).Type, socketio.ClusterSocketsJoin)
		must(t, ns.To("nobody").DisconnectSockets(ctx, true))
		equal(t, await(t, p.sent).Type, socketio.ClusterDisconnectSockets)
		soon, cancel := context.WithCancel(ctx)
		asked := make(chan error, 1)
		go func() { asked <- second(ns.To("nobody").EmitAck(soon, "q")) }()
		equal(t, await(t, p.sent).Type, socketio.ClusterBroadcast)
		cancel()
		if err := await(t, asked); err == nil {
			t.Error("EmitAck did not miss the answers")
		}

		p.fail = errors.New("broker is gone")
		if err := ns.Emit(ctx, "last"); !errors.Is(err, p.fail) {
			t.Errorf("Emit: %v", err)
		}
		c.expect(`2["last"]`)
		if len(p.posted)+len(p.sent) > 0 {
			t.Errorf("%d posted and %d published besides", len(p.posted), len(p.sent))
		}
	})
}
