package engineio_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-sails/sails/engineio"
)

// The open packet is not in the same read as the answer to the WebSocket handshake:
// the public suite of revision 3 listens for it only when the connection is open.
func TestOpenWebSocket_PacketFollowsAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newPipeRig(t, newRecorder(), engineio.Config{})
		began := time.Now()
		w, _, err := r.dialWS("EIO=3&transport=websocket")
		if err != nil {
			t.Fatal(err)
		}
		if len(w.rest) > 0 || time.Since(began) > 0 {
			t.Fatalf("the answer came after %v with %q behind it", time.Since(began), w.rest)
		}
		if f := w.next(); f[0] != '0' || time.Since(began) > 5*time.Millisecond {
			t.Fatalf("%q after %v", f, time.Since(began))
		}
		w.conn.Close()
	})
}

// Spec sheet 1.11: the poll of a client that says goodbye gets 6, also when it is
// served a little after the close packet; one that comes later finds no session.
func TestClose_PollBehindClosePacket(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newRecorder()
		r := newPipeRig(t, h, engineio.Config{})
		q, _ := r.open(4)
		posted := make(chan answer, 1)
		go func() { posted <- r.post(q, "1") }()
		synctest.Wait()
		if a := r.get(q); a.status != 200 || a.body != "6" {
			t.Fatalf("%d %q", a.status, a.body)
		}
		if a := <-posted; a.body != "ok" {
			t.Fatalf("POST: %d %q", a.status, a.body)
		}
		if reason := await(t, h.closed, "close"); reason != engineio.TransportClose {
			t.Fatal(reason)
		}
		q, _ = r.open(4)
		began := time.Now()
		if a := r.post(q, "1"); a.body != "ok" || time.Since(began) > 50*time.Millisecond {
			t.Fatalf("POST: %d %q after %v", a.status, a.body, time.Since(began))
		}
		if a := r.get(q); a.status != 400 {
			t.Fatalf("%d %q", a.status, a.body)
		}
	})
}

// Spec sheet 1.9: with short times the heartbeat is exact to a few milliseconds, as
// the public suites expect.
func TestHeartbeat_PreciseWhereTimesAreShort(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newRecorder()
		r := newPipeRig(t, h, engineio.Config{PingInterval: 300 * time.Millisecond, PingTimeout: 200 * time.Millisecond})
		began := time.Now()
		r.open(4)
		if reason := await(t, h.closed, "close"); reason != engineio.PingTimeout {
			t.Fatal(reason)
		}
		if late := time.Since(began) - 500*time.Millisecond; late < 0 || late > 5*time.Millisecond {
			t.Fatalf("%v late", late)
		}
	})
}

// Spec sheet 1.10: after the upgrade polls get code 3, also one that was sent after
// the upgrade packet and came first. A poll that was there for longer is released.
func TestUpgrade_PollBesideUpgradePacket(t *testing.T) {
	for _, tc := range []struct {
		before time.Duration
		status int
	}{{time.Millisecond, 400}, {50 * time.Millisecond, 200}} {
		synctest.Test(t, func(t *testing.T) {
			h := newRecorder()
			r := newPipeRig(t, h, engineio.Config{})
			q, _ := r.open(4)
			w, _, err := r.dialWS(strings.Replace(q, "polling", "websocket", 1))
			if err != nil {
				t.Fatal(err)
			}
			poll := r.pollLater(q)
			after := time.NewTimer(tc.before)
			<-after.C
			w.send("5", "4hello") // a probe before it is usual, not required
			if got := await(t, h.got, "message"); got != "hello" {
				t.Fatal(got)
			}
			if a := await(t, poll, "answer of the poll"); a.status != tc.status {
				t.Fatalf("%d %q, want %d", a.status, a.body, tc.status)
			}
			w.conn.Close()
		})
	}
}
