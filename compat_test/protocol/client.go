package protocol

import (
	"encoding/json"
	"fmt"
	"strings"
)

// Join connects a WebSocket of revision 4 to a namespace of mount ("/ext/") and
// records until the server has confirmed that.
func (w *World) Join(mount, namespace string, auth ...string) *Socket {
	s := w.Engine(mount, 4)
	s.Connect(namespace, auth...)
	return s
}

// Engine opens a WebSocket session and records its open packet.
func (w *World) Engine(mount string, eio int, extra ...string) *Socket {
	s := w.Dial(fmt.Sprintf("%s?EIO=%d&transport=websocket%s", mount, eio, strings.Join(extra, "")))
	if s == nil {
		panic(stopped{})
	}
	s.Next()
	return s
}

// Join3 opens a WebSocket of revision 3, whose main namespace is joined implicitly.
func (w *World) Join3(mount string) *Socket {
	s := w.Engine(mount, 3)
	s.Until("40")
	if mount != "/engine.io/" {
		s.Until("42")
	}
	return s
}

// Connect joins a namespace and reads the answer, and the greeting of "/" and
// "/custom".
func (s *Socket) Connect(namespace string, auth ...string) {
	prefix := ""
	if namespace != "/" {
		prefix = namespace + ","
	}
	s.Send("40" + prefix + strings.Join(auth, ""))
	s.Next()
	if namespace == "/" || namespace == "/custom" {
		s.Next()
	}
}

// Ask sends an event with an acknowledgement id and records until its answer.
func (s *Socket) Ask(id int, event string, args ...string) json.RawMessage {
	s.Send(fmt.Sprintf("42%d[%s]", id, strings.Join(append([]string{`"` + event + `"`}, args...), ",")))
	return s.Answer(id)
}

// Answer records until the acknowledgement with this id.
func (s *Socket) Answer(id int) json.RawMessage {
	prefix := fmt.Sprintf("43%d", id)
	f := s.Until(prefix)
	if s.Closed {
		panic(stopped{})
	}
	return json.RawMessage(strings.TrimPrefix(f, "text "+prefix))
}

// Sync waits until everything sent before has been handled: an answer of the main
// namespace, or the end of the connection.
func (s *Socket) Sync() {
	s.write(`42999["message-with-ack","sync"]`)
	s.Until("43999")
}

// SyncEngine waits until what was sent before has been handled, where the main
// namespace may not be joined: its refusal of a namespace is the answer.
func (s *Socket) SyncEngine() {
	s.write("40/none,")
	s.Until("44/none")
}

// ID returns the id of the socket in the main namespace.
func (s *Socket) ID() string {
	var who [1]struct {
		ID string `json:"id"`
	}
	if err := json.Unmarshal(s.Ask(998, "who"), &who); err != nil {
		s.w.Fail("who: %v", err)
	}
	return who[0].ID
}

// ReasonOf records why the socket with this id went, as another socket is told.
func (s *Socket) ReasonOf(id string) {
	for range 50 {
		s.write(fmt.Sprintf("42997[\"reason-of\",%q]", id))
		f := s.next(patience)
		if f != "text 43997[null]" {
			s.w.Note("%s reason: %s", s.label, f)
			return
		}
	}
	s.w.Note("%s reason: never", s.label)
}
