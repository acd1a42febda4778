package protocol

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/go-sails/sails/internal/wsconn"
)

// A Socket is a WebSocket at the level of frames. Everything that comes is recorded;
// heartbeats of revision 4 are answered and left out, unless the case is about them.
type Socket struct {
	w      *World
	label  string
	conn   net.Conn
	rest   []byte
	dec    wsconn.Decoder
	in     []string
	Closed bool

	recovery bool   // events carry offsets
	Offset   string // of the last event
}

// Dial opens a WebSocket and records the handshake. It returns nil when that fails.
func (w *World) Dial(target string, headers ...string) *Socket {
	h := http.Header{}
	for i := 0; i+1 < len(headers); i += 2 {
		h[headers[i]] = append(h[headers[i]], headers[i+1])
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	label := fmt.Sprintf("ws%d", len(w.sockets)+1)
	conn, rest, res, err := wsconn.Dial(ctx, "ws://"+w.site.at(target)+target, wsconn.DialOptions{Header: h})
	if err != nil {
		w.sockets = append(w.sockets, &Socket{w: w, conn: discarded{}, Closed: true})
		if res == nil {
			w.Note("%s %s → failed", label, target)
			return nil
		}
		body, _ := io.ReadAll(res.Body)
		w.Note("%s %s → %d [Content-Type: %s] %s", label, target, res.StatusCode, strings.ToLower(res.Header.Get("Content-Type")), show(body))
		return nil
	}
	s := &Socket{w: w, label: label, conn: conn, rest: rest, recovery: strings.HasPrefix(target, "/recovery/")}
	s.dec.Client = true
	s.dec.MaxMessage = 64 << 20
	w.sockets = append(w.sockets, s)
	w.Note("%s %s → 101", label, target)
	return s
}

type discarded struct{ net.Conn }

// Close implements net.Conn.
func (discarded) Close() error { return nil }

// OnText implements wsconn.Sink.
func (s *Socket) OnText(p []byte) error {
	s.in = append(s.in, "text "+s.w.incoming(string(p)))
	return nil
}

// OnBinary implements wsconn.Sink.
func (s *Socket) OnBinary(p []byte) error {
	s.in = append(s.in, fmt.Sprintf("binary %x", p))
	return nil
}

// OnPing implements wsconn.Sink.
func (s *Socket) OnPing(p []byte) error {
	s.in = append(s.in, fmt.Sprintf("wsping %x", p))
	return nil
}

// OnPong implements wsconn.Sink.
func (s *Socket) OnPong(p []byte) { s.in = append(s.in, fmt.Sprintf("wspong %x", p)) }

var errOver = errors.New("over")

// OnClose implements wsconn.Sink.
func (s *Socket) OnClose(code uint16, _ string) error {
	s.in = append(s.in, fmt.Sprintf("close %d", code))
	return errOver
}

// next returns the next frame, "close …", "gone" for the end of the connection, or ""
// when nothing came in time.
func (s *Socket) next(within time.Duration) string {
	_ = s.conn.SetReadDeadline(time.Now().Add(within))
	buf := make([]byte, 64<<10)
	for {
		for len(s.in) > 0 {
			f := s.in[0]
			s.in = s.in[1:]
			if f == "text 2" && !s.w.pings {
				s.write("3")
				continue
			}
			s.w.learn(f)
			s.learnOffset(f)
			if strings.HasPrefix(f, "close") {
				s.Closed = true
				_, _ = s.conn.Write(masked(wsconn.OpClose, nil))
				_ = s.conn.Close()
			}
			return f
		}
		if s.Closed {
			return "gone"
		}
		p := s.rest
		s.rest = nil
		if len(p) == 0 {
			n, err := s.conn.Read(buf)
			if n == 0 && err != nil {
				if errors.Is(err, os.ErrDeadlineExceeded) {
					return ""
				}
				s.Closed = true
				return "gone"
			}
			p = buf[:n]
		}
		if err := s.dec.Decode(p, s); err != nil && !errors.Is(err, errOver) {
			s.in = append(s.in, "undecodable "+err.Error())
			s.Closed = true
		}
	}
}

var offset = regexp.MustCompile(`^text 4(?:2|5\d-)(?:/[^,]*,)?\[.*,"([^"]*)"\]$`)

// learnOffset notices the offset of an event, which recovery appends.
func (s *Socket) learnOffset(f string) {
	if m := offset.FindStringSubmatch(f); m != nil && s.recovery {
		s.Offset = m[1]
		s.w.Mask(`"`+m[1]+`"`, `"<offset>"`)
	}
}

// asked are the acknowledgement ids of the server: they count what other cases did.
var (
	asked    = regexp.MustCompile(`^text 4(?:2|5\d+-)(?:/[^,]*,)?(\d+)\[`)
	answered = regexp.MustCompile(`^4(?:3|6\d+-)(?:/[^,]*,)?(\d+)\[`)
)

// maskID replaces the id that pattern finds by its number in this case.
func (w *World) maskID(pattern *regexp.Regexp, text string, learn bool) string {
	m := pattern.FindStringSubmatchIndex(text)
	if m == nil {
		return text
	}
	id := text[m[2]:m[3]]
	n := slices.Index(w.asked, id)
	if n < 0 && learn {
		n = len(w.asked)
		w.asked = append(w.asked, id)
	}
	if n < 0 {
		return text
	}
	return text[:m[2]] + fmt.Sprintf("<ack %d>", n+1) + text[m[3]:]
}

func (s *Socket) frameLine(f string) string {
	f = s.w.maskID(asked, f, true)
	kind, data, _ := strings.Cut(f, " ")
	if kind == "text" || kind == "binary" {
		return kind + " " + show([]byte(data))
	}
	return f
}

// Next records the next frame and returns it ("text 42…", "binary 01", "close 1000",
// "gone"); the case ends when none comes.
func (s *Socket) Next() string {
	f := s.next(patience)
	if f == "" {
		s.w.Fail("%s < (nothing)", s.label)
	}
	s.w.Note("%s < %s", s.label, s.frameLine(f))
	return f
}

// Until records frames up to one that begins with "text "+prefix, or the end of the
// connection.
func (s *Socket) Until(prefix string) string {
	for {
		f := s.Next()
		if strings.HasPrefix(f, "text "+prefix) || s.Closed {
			return f
		}
	}
}

// End records frames up to the end of the connection.
func (s *Socket) End() {
	for !s.Closed {
		s.Next()
	}
}

// Silent records that nothing comes for a while, or what does.
func (s *Socket) Silent(while time.Duration) {
	for until := time.Now().Add(while); ; {
		f := s.next(time.Until(until))
		if f == "" {
			s.w.Note("%s < (silence)", s.label)
			return
		}
		s.w.Note("%s < %s", s.label, s.frameLine(f))
		if s.Closed {
			return
		}
	}
}

// Send sends text frames, recorded.
func (s *Socket) Send(texts ...string) {
	for _, t := range texts {
		s.w.Note("%s > %s", s.label, show([]byte(s.w.maskID(answered, t, false))))
		s.write(t)
	}
}

func (s *Socket) write(text string) {
	_, _ = s.conn.Write(masked(wsconn.OpText, []byte(s.w.outgoing(text))))
}

// Burst sends text frames in one write.
func (s *Socket) Burst(texts ...string) {
	var b []byte
	for _, t := range texts {
		s.w.Note("%s > %s", s.label, show([]byte(t)))
		b = append(b, masked(wsconn.OpText, []byte(s.w.outgoing(t)))...)
	}
	_, _ = s.conn.Write(b)
}

// SendBinary sends a binary frame, recorded.
func (s *Socket) SendBinary(p ...byte) {
	s.w.Note("%s > binary %x", s.label, p)
	_, _ = s.conn.Write(masked(wsconn.OpBinary, p))
}

// SendRaw sends bytes that need not be frames.
func (s *Socket) SendRaw(what string, p []byte) {
	s.w.Note("%s > %s", s.label, what)
	_, _ = s.conn.Write(p)
}

// Leave closes the connection with a close frame of this code; 0 is none, -1 no frame.
func (s *Socket) Leave(code int) {
	s.w.Note("%s > leaves with %d", s.label, code)
	switch {
	case code < 0:
		_ = s.conn.Close()
		s.Closed = true
		return
	case code == 0:
		_, _ = s.conn.Write(masked(wsconn.OpClose, nil))
	default:
		_, _ = s.conn.Write(masked(wsconn.OpClose, []byte{byte(code >> 8), byte(code)}))
	}
	s.End()
}

func masked(op wsconn.Opcode, p []byte) []byte {
	return wsconn.AppendMasked(nil, op, p, wsconn.NewMask())
}
