package sioproto

import (
	"errors"
	"fmt"
	"math"
	"strconv"
)

// Type is the first character of a packet.
type Type byte

// The packet types of spec 2.1.
const (
	Connect Type = iota
	Disconnect
	Event
	Ack
	ConnectError // called ERROR in revision 4
	BinaryEvent
	BinaryAck
)

// Binary reports whether the type announces attachments.
func (t Type) Binary() bool { return t == BinaryEvent || t == BinaryAck }

// ErrPacket is wrapped by every error about bytes that are no packet. The
// connection that sent them has to be closed.
var ErrPacket = errors.New("sioproto: malformed packet")

func malformed(what string) error { return fmt.Errorf("%w: %s", ErrPacket, what) }

// The default limits (SEC-46, SEC-49).
const (
	DefaultMaxAttachments = 10
	DefaultMaxDepth       = 512
)

// OverflowID is the ID of a packet whose digits do not fit. It is never given
// out by a server, so an answer that carries it is an answer to nothing.
const OverflowID = math.MaxUint64

// Header is a packet cut into its parts. The slices alias the text.
type Header struct {
	Type        Type
	HasID       bool
	Attachments int    // announced, 0 for types without
	Namespace   []byte // "/" when left out; with the query string in revision 4
	ID          uint64 // as a JavaScript number would keep it: above 2^53 rounded
	Data        []byte // the JSON text, unchecked; nil when absent
}

var mainNamespace = []byte("/")

// ParseHeader cuts text into its parts. It follows the reference decoder, the
// tolerated oddities included (a blank counts as a digit of the id), and refuses
// what SEC-45 and SEC-46 name: other than ASCII digits, ids that no JavaScript
// number can hold, attachment counts outside of 1 to maxAttachments.
func ParseHeader(text []byte, maxAttachments int) (Header, error) {
	var h Header
	if len(text) == 0 || text[0] < '0' || text[0] > '6' {
		return h, malformed("unknown type")
	}
	h.Type = Type(text[0] - '0')
	i := 1
	if h.Type.Binary() {
		n, next, err := parseAttachments(text, maxAttachments)
		if err != nil {
			return h, err
		}
		h.Attachments, i = n, next
	}
	h.Namespace = mainNamespace
	if i < len(text) && text[i] == '/' {
		end := i
		for end < len(text) && text[end] != ',' {
			end++
		}
		h.Namespace = text[i:end]
		i = min(end+1, len(text))
	}
	start := i
	for i < len(text) && idByte(text[i]) {
		i++
	}
	if i > start {
		id, err := parseID(text[start:i])
		if err != nil {
			return h, err
		}
		if id == OverflowID && h.Type != Ack && h.Type != BinaryAck {
			return h, malformed("id out of range")
		}
		h.ID, h.HasID = id, true
	}
	if i < len(text) {
		h.Data = text[i:]
	}
	return h, nil
}

func parseAttachments(text []byte, limit int) (n, next int, err error) {
	i := 1
	for ; i < len(text) && text[i] >= '0' && text[i] <= '9'; i++ {
		if n <= limit {
			n = n*10 + int(text[i]-'0')
		}
	}
	if i == 1 || i == len(text) || text[i] != '-' || n < 1 {
		return 0, 0, malformed("illegal attachment count")
	}
	if n > limit {
		return 0, 0, malformed("too many attachments")
	}
	return n, i + 1, nil
}

func idByte(c byte) bool { return c >= '0' && c <= '9' || c == ' ' || c >= '\t' && c <= '\r' }

// parseID reads the digits of an id the way JavaScript's Number does: blanks
// around them do not count, no digits at all are 0, precision ends at 2^53.
func parseID(b []byte) (uint64, error) {
	for len(b) > 0 && b[0] <= ' ' {
		b = b[1:]
	}
	for len(b) > 0 && b[len(b)-1] <= ' ' {
		b = b[:len(b)-1]
	}
	var id uint64
	for i, c := range b {
		if c <= ' ' {
			return 0, malformed("blank inside the id")
		}
		if id > (math.MaxUint64-9)/10 {
			return overflow(b[i:])
		}
		id = id*10 + uint64(c-'0')
	}
	if id > 1<<53 {
		if f := float64(id); f < 1<<63 {
			id = uint64(f)
		} else {
			return OverflowID, nil
		}
	}
	return id, nil
}

func overflow(rest []byte) (uint64, error) {
	for _, c := range rest {
		if c <= ' ' {
			return 0, malformed("blank inside the id")
		}
	}
	return OverflowID, nil
}

// AppendHeader appends everything in front of the JSON. The namespace "/" is
// left out; attachments is 0 for none.
func AppendHeader(dst []byte, t Type, attachments int, namespace string, id uint64, hasID bool) []byte {
	dst = append(dst, '0'+byte(t))
	if attachments > 0 {
		dst = strconv.AppendInt(dst, int64(attachments), 10)
		dst = append(dst, '-')
	}
	if namespace != "/" && namespace != "" {
		dst = append(dst, namespace...)
		dst = append(dst, ',')
	}
	switch {
	case !hasID:
	case id > 1<<53: // rounded when it was read; JavaScript spells it with trailing zeros
		dst = strconv.AppendFloat(dst, float64(id), 'f', -1, 64)
	default:
		dst = strconv.AppendUint(dst, id, 10)
	}
	return dst
}

// HeaderSize is how many bytes AppendHeader appends, for a buffer that fits.
func HeaderSize(attachments int, namespace string, id uint64, hasID bool) int {
	n := 1
	if attachments > 0 {
		n += digits(uint64(attachments)) + 1
	}
	if namespace != "/" && namespace != "" {
		n += len(namespace) + 1
	}
	if hasID {
		n += digits(id)
	}
	return n
}

func digits(n uint64) int {
	d := 1
	for ; n >= 10; n /= 10 {
		d++
	}
	return d
}

// Reserved reports whether name may not be an event on the wire (spec 2.6).
func Reserved(name string) bool {
	switch name {
	case "connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener":
		return true
	}
	return false
}
