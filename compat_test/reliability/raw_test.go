package reliability

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/go-sails/sails/internal/wsconn"
)

// raw is a WebSocket at the level of bytes.
type raw struct {
	t    *testing.T
	conn net.Conn
	rest []byte
}

// open opens a WebSocket session of a revision; the open packet stays unread.
func (s *server) open(t *testing.T, eio string) *raw {
	t.Helper()
	return s.openBy(t, eio, &net.Dialer{})
}

// openSmall opens one of revision 3 whose side of the kernel takes little.
func (s *server) openSmall(t *testing.T) *raw {
	t.Helper()
	return s.openBy(t, "3", &net.Dialer{Control: func(_, _ string, c syscall.RawConn) (err error) {
		return errors.Join(c.Control(func(fd uintptr) {
			err = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_RCVBUF, 4<<10)
		}), err)
	}})
}

func (s *server) openBy(t *testing.T, eio string, dialer *net.Dialer) *raw {
	t.Helper()
	ctx := within(t, patience)
	conn, rest, _, err := wsconn.Dial(ctx, "ws"+strings.TrimPrefix(s.URL, "http")+"/socket.io/?EIO="+eio+"&transport=websocket",
		wsconn.DialOptions{Header: http.Header{"Origin": {s.URL}}, Dialer: dialer.DialContext})
	if err != nil {
		t.Fatal(err)
	}
	r := &raw{t: t, conn: conn, rest: rest}
	t.Cleanup(func() { _ = conn.Close() })
	return r
}

// dial opens a TCP connection to the server.
func (s *server) dial(t *testing.T) net.Conn {
	t.Helper()
	conn, err := (&net.Dialer{}).DialContext(within(t, patience), "tcp4", strings.TrimPrefix(s.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// frame returns a masked frame; the mask is zero.
func frame(first byte, payload string) []byte {
	b := []byte{first}
	switch n := len(payload); {
	case n < 126:
		b = append(b, 0x80|byte(n))
	case n < 1<<16:
		b = binary.BigEndian.AppendUint16(append(b, 0xfe), uint16(n))
	default:
		b = binary.BigEndian.AppendUint64(append(b, 0xff), uint64(n))
	}
	return append(append(b, 0, 0, 0, 0), payload...)
}

const (
	text         = 0x81 // a whole text message
	binaryFrame  = 0x82
	textPart     = 0x01 // the first frame of one
	continuation = 0x00
	ping         = 0x89
)

// flood writes the bytes of next until it returns none, or the server has had enough,
// or the time is up. It reads nothing.
func (r *raw) flood(limit time.Duration, next func() []byte) {
	_ = r.conn.SetWriteDeadline(time.Now().Add(limit))
	for {
		p := next()
		if len(p) == 0 {
			return
		}
		if _, err := r.conn.Write(p); err != nil {
			return
		}
	}
}

// times returns a source that gives p n times, gathered into writes of some size.
func times(n int, p []byte) func() []byte {
	per := max(1, 32<<10/len(p))
	var many []byte
	for range per {
		many = append(many, p...)
	}
	return func() []byte {
		switch {
		case n <= 0:
			return nil
		case n < per:
			rest := many[:n*len(p)]
			n = 0
			return rest
		}
		n -= per
		return many
	}
}

// gone waits until the server has closed the connection.
func (r *raw) gone(limit time.Duration) bool {
	_ = r.conn.SetReadDeadline(time.Now().Add(limit))
	_, err := io.Copy(io.Discard, r.conn)
	var late net.Error
	return !errors.As(err, &late) || !late.Timeout()
}

// reader collects the text messages of a WebSocket.
type reader struct {
	texts []string
	code  uint16
	over  bool
}

var errOver = errors.New("over")

func (d *reader) OnText(p []byte) error { d.texts = append(d.texts, string(p)); return nil }
func (d *reader) OnBinary([]byte) error { return nil }
func (d *reader) OnPing([]byte) error   { return nil }
func (d *reader) OnPong([]byte)         {}
func (d *reader) OnClose(code uint16, _ string) error {
	d.code, d.over = code, true
	return errOver
}

// until reads messages until one has the prefix, the WebSocket is closed, or ctx ends.
func (r *raw) until(ctx context.Context, prefix string) (*reader, bool) {
	deadline, _ := ctx.Deadline()
	_ = r.conn.SetReadDeadline(deadline)
	dec := wsconn.Decoder{Client: true, MaxMessage: 64 << 20}
	got := &reader{}
	p := r.rest
	buf := make([]byte, 64<<10)
	for {
		if err := dec.Decode(p, got); err != nil {
			return got, false
		}
		for _, m := range got.texts {
			if strings.HasPrefix(m, prefix) {
				return got, true
			}
		}
		n, err := r.conn.Read(buf)
		if err != nil {
			return got, false
		}
		p = buf[:n]
	}
}
