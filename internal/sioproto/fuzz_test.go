package sioproto_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"testing"
	"unicode/utf8"

	"github.com/go-sails/sails/internal/sioproto"
)

var seeds = []string{
	`0`, `0/a?b=c,{"a":1}`, `1/a,`, `2["a",1]`, `2/n,007["a",{"b":[null,true]}]`, `3/n,5["x"]`, `4/n,"no"`, `52-["a",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]`,
	`61-9[{"num":0,"_placeholder":true}]`, `2["\ud800\u0041"]`, `2[1e400]`, `2 1["a"]`, `2[[[[[[]]]]]]`, `29007199254740993["a"]`, `51-["a",{"_pl\u0061ceholder":true,"num":0}]`,
}

// SEC-45: no input panics; what is accepted is what package encoding/json accepts, cut
// at the same places, and can be sent again bit for bit.
func FuzzDecodePacket(f *testing.F) {
	for _, s := range seeds {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		h, err := sioproto.ParseHeader(text, 10)
		if err != nil {
			if !errors.Is(err, sioproto.ErrPacket) {
				t.Fatalf("error %v", err)
			}
			return
		}
		if h.Attachments > 10 || len(h.Namespace) == 0 || h.Namespace[0] != '/' {
			t.Fatalf("%q: %+v", text, h)
		}
		if h.Data == nil {
			return
		}
		spans, err := sioproto.Split(h.Data, h.Attachments, 100, nil)
		if err != nil {
			if !errors.Is(err, sioproto.ErrPacket) {
				t.Fatalf("error %v", err)
			}
			return
		}
		var want []json.RawMessage
		if err := json.Unmarshal(h.Data, &want); err != nil {
			t.Fatalf("%q is no JSON: %v", h.Data, err)
		}
		if len(want) != len(spans) {
			t.Fatalf("%q: %d elements, want %d", h.Data, len(spans), len(want))
		}
		atts := make([][]byte, h.Attachments)
		for i := range atts {
			atts[i] = []byte{byte(i)}
		}
		enc := sioproto.NewEncoder()
		defer enc.Release()
		for i, s := range spans {
			part := h.Data[s.Start:s.End]
			if !bytes.Equal(part, want[i]) {
				t.Fatalf("%q: element %d is %q, want %q", h.Data, i, part, want[i])
			}
			before := len(enc.Buf)
			if err := enc.Spliced(part, atts); err != nil {
				t.Fatal(err)
			}
			if h.Attachments == 0 && !bytes.Equal(enc.Buf[before:], part) {
				t.Fatalf("%q left as %q", part, enc.Buf[before:])
			}
		}
		if len(enc.Attachments) != h.Attachments {
			t.Fatalf("%q: %d attachments", h.Data, len(enc.Attachments))
		}
		if len(spans) > 0 {
			first := h.Data[spans[0].Start:spans[0].End]
			name, err := sioproto.EventName(first)
			if err == nil && first[0] == '"' && utf8.Valid(first) {
				var s string
				if json.Unmarshal(first, &s) != nil || s != string(name) {
					t.Fatalf("name of %q is %q, want %q", first, name, s)
				}
			}
		}
	})
}

// What is encoded decodes to the same.
func FuzzRoundTrip(f *testing.F) {
	f.Add("/n", "event", uint64(7), true, "text\x00\u2028", []byte("bin"), 1.5)
	f.Add("/", "", uint64(0), false, "\xff", []byte{}, math.Inf(1))
	f.Fuzz(func(t *testing.T, namespace, event string, id uint64, hasID bool, text string, bin []byte, number float64) {
		enc := sioproto.NewEncoder()
		defer enc.Release()
		arg := map[string]any{"t": text, "b": bin, "l": []any{nil, true, bin}}
		if !math.IsNaN(number) && !math.IsInf(number, 0) {
			arg["n"] = number
		}
		enc.Buf = append(enc.Buf, '[')
		enc.Buf = append(sioproto.AppendString(enc.Buf, event), ',')
		if err := enc.Value(arg); err != nil {
			t.Fatal(err)
		}
		enc.Buf = append(enc.Buf, ']')
		kind := sioproto.Event
		if len(enc.Attachments) > 0 {
			kind = sioproto.BinaryEvent
		}
		if namespace == "" || namespace[0] != '/' || bytes.ContainsRune([]byte(namespace), ',') {
			namespace = "/x"
		}
		id >>= 12 // what JavaScript can hold
		packet := sioproto.AppendHeader(nil, kind, len(enc.Attachments), namespace, id, hasID)
		packet = append(packet, enc.Buf...)
		h, err := sioproto.ParseHeader(packet, 10)
		if err != nil {
			t.Fatalf("%q: %v", packet, err)
		}
		if h.Type != kind || h.HasID != hasID || hasID && h.ID != id || string(h.Namespace) != namespace || h.Attachments != len(enc.Attachments) {
			t.Fatalf("%q became %+v", packet, h)
		}
		spans, err := sioproto.Split(h.Data, h.Attachments, 10, nil)
		if err != nil || len(spans) != 2 {
			t.Fatalf("%q: %d elements, %v", packet, len(spans), err)
		}
		name, err := sioproto.EventName(h.Data[spans[0].Start:spans[0].End])
		if err != nil || string(name) != string([]rune(event)) {
			t.Fatalf("%q: name %q, %v", packet, name, err)
		}
		inlined, err := sioproto.AppendInlined(nil, h.Data[spans[1].Start:spans[1].End], enc.Attachments)
		if err != nil {
			t.Fatal(err)
		}
		var back struct {
			T string
			B []byte
			N float64
		}
		if err := json.Unmarshal(inlined, &back); err != nil {
			t.Fatalf("%q: %v", inlined, err)
		}
		if back.T != string([]rune(text)) || !bytes.Equal(back.B, bin) {
			t.Fatalf("%+v came back as %+v", arg, back)
		}
		if n, ok := arg["n"]; ok && back.N != n {
			t.Fatalf("%v came back as %v", n, back.N)
		}
	})
}
