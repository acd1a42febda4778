package redisadapter

import (
	"bytes"
	"encoding/base64"
	"strconv"
	"strings"
	"unicode/utf16"

	"github.com/redis/go-redis/v9"

	"github.com/go-sails/sails/socketio"
	"github.com/go-sails/sails/socketio/internal/clusterwire"
)

// The entries of a stream (spec 3.6): uid, nsp, type and data, which is JSON or, when it
// has byte strings, MessagePack in base64. Go nodes add n, the message's Serial, which
// others ignore.

// encodeEntry returns the fields of a message and how many bytes its data has.
func encodeEntry(m *socketio.ClusterMessage) (values []string, size int, err error) {
	data, err := clusterwire.EncodeBody(m)
	if err != nil {
		return nil, 0, err
	}
	text := string(data)
	if len(data) > 0 && data[0] != '{' {
		text = base64.StdEncoding.EncodeToString(data)
	}
	values = []string{"uid", m.UID, "nsp", m.Namespace, "type", strconv.Itoa(int(m.Type))}
	if text != "" {
		values = append(values, "data", text)
	}
	if m.Serial != 0 {
		values = append(values, "n", strconv.FormatUint(m.Serial, 10))
	}
	return values, len(text), nil
}

// decodeEntry returns the message of an entry; nil when it is of no use to node self.
// Of its own broadcasts it returns only what finds them again.
func decodeEntry(x *redis.XMessage, self string, maxMessage int) (*socketio.ClusterMessage, error) {
	field := func(name string) string {
		text, _ := x.Values[name].(string)
		return text
	}
	kind, err := strconv.Atoi(field("type"))
	if err != nil {
		return nil, errMessage
	}
	m := &socketio.ClusterMessage{
		UID: strings.Clone(field("uid")), Namespace: strings.Clone(field("nsp")), Type: socketio.ClusterMessageType(kind), Offset: x.ID,
	}
	if m.UID == self {
		if n := field("n"); n != "" && m.Type == socketio.ClusterBroadcast {
			if m.Serial, err = strconv.ParseUint(n, 10, 64); err != nil {
				return nil, errMessage
			}
			return m, nil
		}
		return nil, nil
	}
	text := field("data")
	if len(text) > maxMessage {
		return nil, errMessage
	}
	data := []byte(text)
	if text != "" && text[0] != '{' {
		if data, err = base64.StdEncoding.AppendDecode(nil, data); err != nil {
			return nil, errMessage
		}
		if bytes.HasPrefix(data, []byte("{")) { // it would be taken for JSON
			return nil, errMessage
		}
	}
	return clusterwire.DecodeBody(m, data)
}

// utf16Of returns the units JavaScript hashes.
func utf16Of(s string) []uint16 { return utf16.Encode([]rune(s)) }
