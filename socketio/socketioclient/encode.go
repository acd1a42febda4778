package socketioclient

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"

	"github.com/go-sails/sails/internal/eioclient"
	"github.com/go-sails/sails/internal/eioproto"
	"github.com/go-sails/sails/internal/sioproto"
)

// encode makes the engine packets of an event or, with no event, of an
// acknowledgement: the text and one packet for each binary value. Nothing of args
// is kept.
func encode(t sioproto.Type, namespace string, id uint64, hasID bool, event string, args []any) ([]eioclient.Wire, error) {
	enc := sioproto.NewEncoder()
	defer enc.Release()
	enc.Buf = append(enc.Buf, '[')
	if t == sioproto.Event {
		enc.Buf = sioproto.AppendString(enc.Buf, event)
		enc.Buf = append(enc.Buf, ',')
	}
	for i, arg := range args {
		if err := encodeArg(enc, arg); err != nil {
			return nil, fmt.Errorf("socketioclient: argument %d: %w", i, err)
		}
	}
	if last := len(enc.Buf) - 1; enc.Buf[last] == ',' {
		enc.Buf = enc.Buf[:last]
	}
	enc.Buf = append(enc.Buf, ']')
	if len(enc.Attachments) > 0 {
		t += sioproto.BinaryEvent - sioproto.Event
	}
	text := make([]byte, 0, 1+sioproto.HeaderSize(len(enc.Attachments), namespace, id, hasID)+len(enc.Buf))
	text = append(text, eioproto.Message.Digit())
	text = sioproto.AppendHeader(text, t, len(enc.Attachments), namespace, id, hasID)
	text = append(text, enc.Buf...)
	wires := make([]eioclient.Wire, 1, 1+len(enc.Attachments))
	wires[0].Data = text
	for _, a := range enc.Attachments {
		wires = append(wires, eioclient.Wire{Binary: true, Data: bytes.Clone(a)})
	}
	return wires, nil
}

// encodeArg appends arg and a comma; Args are several arguments, or none.
func encodeArg(enc *sioproto.Encoder, arg any) error {
	received, ok := arg.(Args)
	if !ok {
		if err := enc.Value(arg); err != nil {
			return err
		}
		enc.Buf = append(enc.Buf, ',')
		return nil
	}
	for i := range received.Len() {
		if err := enc.Spliced(received.Raw(i), received.attachments); err != nil {
			return err
		}
		enc.Buf = append(enc.Buf, ',')
	}
	return nil
}

// plain makes a packet of a type without arguments.
func plain(t sioproto.Type, namespace string, data []byte) []eioclient.Wire {
	text := append([]byte{eioproto.Message.Digit()}, sioproto.AppendHeader(nil, t, 0, namespace, 0, false)...)
	return []eioclient.Wire{{Data: append(text, data...)}}
}

// connectData makes the payload of a CONNECT of revision 5: auth and what
// recovery needs, where auth wins. nil means no payload.
func connectData(auth any, pid, offset string) ([]byte, error) {
	if auth == nil && pid == "" {
		return nil, nil
	}
	data := []byte("{}")
	if auth != nil {
		var err error
		if data, err = json.Marshal(auth); err != nil {
			return nil, fmt.Errorf("socketioclient: auth: %w", err)
		}
	}
	if string(data) == "null" {
		data = []byte("{}")
	}
	if sioproto.Kind(data) != '{' {
		return nil, fmt.Errorf("socketioclient: auth must be a JSON object, not %.20s", data)
	}
	if pid == "" {
		return data, nil
	}
	merged := map[string]json.RawMessage{}
	merged["pid"] = sioproto.AppendString(nil, pid)
	if offset != "" {
		merged["offset"] = sioproto.AppendString(nil, offset)
	}
	if err := json.Unmarshal(data, &merged); err != nil {
		return nil, fmt.Errorf("socketioclient: auth: %w", err)
	}
	return json.Marshal(merged)
}

// connectQuery makes the query string that carries auth in revision 4 of
// Socket.IO: members that are strings, numbers or booleans, or lists of them.
func connectQuery(auth any) (string, error) {
	if auth == nil {
		return "", nil
	}
	data, err := json.Marshal(auth)
	if err != nil {
		return "", fmt.Errorf("socketioclient: auth: %w", err)
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(data, &members); err != nil {
		return "", fmt.Errorf("socketioclient: auth must be a JSON object, not %.20s", data)
	}
	query := url.Values{}
	for key, value := range members {
		var list []json.RawMessage
		if json.Unmarshal(value, &list) != nil {
			list = []json.RawMessage{value}
		}
		for _, v := range list {
			var s string
			if json.Unmarshal(v, &s) != nil {
				if kind := sioproto.Kind(v); kind == '{' || kind == '[' {
					return "", fmt.Errorf("socketioclient: auth.%s has no form in a query, which is where revision 3 sends auth", key)
				}
				s = string(v)
			}
			query.Add(key, s)
		}
	}
	return query.Encode(), nil
}

// reservedEvent reports whether clients may not emit name, in either revision.
func reservedEvent(name string, revision int) bool {
	return sioproto.Reserved(name) || revision == 3 && slices.Contains(reserved2, name)
}

// reserved2 are the names that client 2.x keeps for itself in addition.
var reserved2 = []string{
	"error", "connect_timeout", "connecting", "ping", "pong",
	"reconnect", "reconnect_attempt", "reconnect_failed", "reconnect_error", "reconnecting",
}
