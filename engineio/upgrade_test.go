package engineio_test

import (
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-sails/sails/engineio"
)

// Spec sheet 1.10: the whole dance, and the session afterwards.
func TestUpgrade(t *testing.T) {
	for _, eio := range []int{3, 4} {
		t.Run(fmt.Sprint("EIO", eio), func(t *testing.T) {
			h := newRecorder()
			r := newRig(t, h, engineio.Config{})
			q, sid := r.open(eio)
			s := await(t, h.opened, "session")
			w, _, err := r.dialWS(strings.Replace(q, "polling", "websocket", 1))
			if err != nil {
				t.Fatal(err)
			}
			poll := r.pollLater(q)
			w.send("2probe")
			w.want("3probe")
			a := await(t, poll, "noop that releases the poll")
			if want := map[int]string{3: "1:6", 4: "6"}[eio]; a.body != want {
				t.Fatalf("poll got %q, want %q", a.body, want)
			}
			if s.Transport() != engineio.Polling {
				t.Fatal("upgraded before 5")
			}
			_ = s.Send(engineio.Text("waits"))
			w.send("5")
			w.want("4waits")
			if s.Transport() != engineio.WebSocket || !s.Upgraded() {
				t.Fatal("not upgraded after 5")
			}
			w.send("4up")
			if got := await(t, h.got, "message"); got != "up" {
				t.Fatal(got)
			}
			if a := r.get(q); a.status != 400 || !strings.Contains(a.body, `"code":3`) { // SEC-31
				t.Fatalf("poll after the upgrade: %d %s", a.status, a.body)
			}
			_ = sid
		})
	}
}

// Spec sheet 1.10, SEC-90: what is sent while the transport changes arrives once
// and in order, both ways.
func TestUpgrade_KeepsOrderUnderLoad(t *testing.T) {
	const rounds, messages = 20, 400
	for round := range rounds {
		h := newRecorder()
		r := newRig(t, h, engineio.Config{})
		q, _ := r.open(4)
		s := await(t, h.opened, "session")
		var wg sync.WaitGroup
		wg.Go(func() {
			for i := range messages {
				if err := s.Send(engineio.Text(fmt.Sprint(i))); err != nil {
					t.Errorf("send %d: %v", i, err)
					return
				}
				if i%7 == round%7 {
					for range 50 { // lets polls and writes interleave differently
						runtime.Gosched()
					}
				}
			}
		})
		var got []string
		take := func(payload string) {
			for p := range strings.SplitSeq(payload, "\x1e") {
				if strings.HasPrefix(p, "4") {
					got = append(got, p[1:])
				}
			}
		}
		w, _, err := r.dialWS(strings.Replace(q, "polling", "websocket", 1))
		if err != nil {
			t.Fatal(err)
		}
		for range round % 4 {
			if len(got) < messages { // or the poll would be held
				take(r.get(q).body)
			}
		}
		w.send("2probe")
		w.want("3probe")
		poll := r.pollLater(q)
		take(await(t, poll, "last poll").body)
		w.send("5")
		for len(got) < messages {
			take(w.next())
		}
		wg.Wait()
		for i, g := range got {
			if g != fmt.Sprint(i) {
				t.Fatalf("round %d: message %d is %q", round, i, g)
			}
		}
	}
}

// SEC-31: one upgrade at a time, none for a session that has a WebSocket, no
// 3probe, session unharmed.
func TestUpgrade_RefusedWhereThereIsNoRoom(t *testing.T) {
	h := newRecorder()
	r := newRig(t, h, engineio.Config{})
	q, _ := r.open(4)
	await(t, h.opened, "session")
	up := strings.Replace(q, "polling", "websocket", 1)
	w, _, err := r.dialWS(up)
	if err != nil {
		t.Fatal(err)
	}
	refused := func(query string) {
		t.Helper()
		other, _, err := r.dialWS(query)
		if err != nil {
			t.Fatal(err)
		}
		other.send("2probe", "5", "4x")
		other.want("close 1005", "eof")
	}
	refused(up)
	w.send("2probe")
	w.want("3probe")
	w.send("5", "4a")
	if got := await(t, h.got, "message"); got != "a" {
		t.Fatal(got)
	}
	refused(up)
	born, sid := r.openWS(4)
	refused("EIO=4&transport=websocket&sid=" + sid)
	born.send("4b")
	if got := await(t, h.got, "message"); got != "b" {
		t.Fatal(got)
	}
}

// Spec sheet 1.10: what is no probe closes that WebSocket only.
func TestUpgrade_BadProbeLeavesSession(t *testing.T) {
	for _, bad := range []string{"2", "4hello", "3probe", "2other", "x"} {
		h := newRecorder()
		r := newRig(t, h, engineio.Config{})
		q, _ := r.open(4)
		w, _, err := r.dialWS(strings.Replace(q, "polling", "websocket", 1))
		if err != nil {
			t.Fatal(err)
		}
		w.send(bad)
		if got := w.next(); !strings.HasPrefix(got, "close") {
			t.Fatalf("%q answered with %q", bad, got)
		}
		if a := r.post(q, "4still here"); a.body != "ok" {
			t.Fatalf("session is gone after %q: %d %s", bad, a.status, a.body)
		}
		if got := await(t, h.got, "message"); got != "still here" {
			t.Fatal(got)
		}
		// It may try again.
		w2, _, err := r.dialWS(strings.Replace(q, "polling", "websocket", 1))
		if err != nil {
			t.Fatalf("second try after %q: %v", bad, err)
		}
		w2.send("2probe")
		w2.want("3probe")
	}
}

// SEC-39: a probe that never proves itself, or never takes over, is closed;
// polling goes on and the heartbeat never pauses.
func TestUpgrade_ProbeTimesOut(t *testing.T) {
	for _, answered := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			h := newRecorder()
			r := newPipeRig(t, h, engineio.Config{UpgradeTimeout: 3 * time.Second})
			q, _ := r.open(4)
			w, _, err := r.dialWS(strings.Replace(q, "polling", "websocket", 1))
			if err != nil {
				t.Fatal(err)
			}
			if answered {
				w.send("2probe")
				w.want("3probe")
			}
			began := time.Now()
			if got := w.next(); !strings.HasPrefix(got, "close") {
				t.Fatal(got)
			}
			if d := time.Since(began); d < 2900*time.Millisecond || d > 3500*time.Millisecond {
				t.Fatalf("closed after %v", d)
			}
			w.conn.Close()
			if a := r.post(q, "4x"); a.body != "ok" {
				t.Fatal(a)
			}
			s := await(t, h.opened, "session")
			s.Close(engineio.ForcedClose)
			r.get(q)
			await(t, h.closed, "close")
		})
	}
}

// SEC-21: a subprotocol is agreed on only when it is offered and listed, in the
// handshake of a session as in that of an upgrade.
func TestSubprotocols(t *testing.T) {
	for _, c := range []struct {
		listed         []string
		offered, wants string
	}{
		{nil, "chat", ""},
		{[]string{"chat", "v2"}, "v1, v2 ,chat", "v2"},
		{[]string{"chat"}, "", ""},
		{[]string{"chat"}, "v1", ""},
		{[]string{"*"}, "arduino", "arduino"},
		{[]string{"*"}, " , b", "b"},
	} {
		r := newRig(t, newRecorder(), engineio.Config{Subprotocols: c.listed})
		var header []string
		if c.offered != "" {
			header = []string{"Sec-WebSocket-Protocol", c.offered}
		}
		q, sid := r.open(4)
		for _, query := range []string{"EIO=4&transport=websocket", strings.Replace(q, "polling", "websocket", 1)} {
			_, res, err := r.dialWS(query, header...)
			if err != nil {
				t.Fatalf("%+v %s: %v", c, sid, err)
			}
			if got := res.Header.Get("Sec-WebSocket-Protocol"); got != c.wants {
				t.Errorf("%+v: agreed on %q", c, got)
			}
		}
	}
}
