package sioproto_test

import (
	"encoding/json"
	"testing"

	"github.com/go-sails/sails/internal/sioproto"
)

var (
	benchEvent   = []byte(`217["echo",{"count":17,"text":"thirty-two bytes of text, no more"}]`)
	benchVirtual = []byte(`25["get",{"method":"get","headers":{"x-a":"1"},"data":{"list":[1,2,3],"deep":{"a":{"b":null}}},"url":"/echo?a=1&text=hello"}]`)
)

// BenchmarkReceive is what the text of an event costs before its handler runs.
func BenchmarkReceive(b *testing.B) {
	for name, text := range map[string][]byte{"echo": benchEvent, "virtual": benchVirtual} {
		b.Run(name, func(b *testing.B) {
			var inline [4]sioproto.Span
			b.ReportAllocs()
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				h, err := sioproto.ParseHeader(text, sioproto.DefaultMaxAttachments)
				if err != nil {
					b.Fatal(err)
				}
				spans, err := sioproto.Split(h.Data, 0, sioproto.DefaultMaxDepth, inline[:0])
				if err != nil {
					b.Fatal(err)
				}
				if _, err := sioproto.EventName(h.Data[spans[0].Start:spans[0].End]); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkValue encodes one argument.
func BenchmarkValue(b *testing.B) {
	type status struct {
		Count int    `json:"count"`
		Text  string `json:"text"`
	}
	for name, v := range map[string]any{
		"raw":    json.RawMessage(`{"count":17,"text":"thirty-two bytes of text, no more"}`),
		"string": "thirty-two bytes of text, no more",
		"struct": status{17, "thirty-two bytes of text, no more"},
		"map":    map[string]any{"count": 17, "text": "thirty-two bytes of text, no more"},
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				e := sioproto.NewEncoder()
				if err := e.Value(v); err != nil {
					b.Fatal(err)
				}
				e.Release()
			}
		})
	}
}

// BenchmarkAppendHeader is the head of an outgoing packet.
func BenchmarkAppendHeader(b *testing.B) {
	buf := make([]byte, 0, 64)
	b.ReportAllocs()
	for b.Loop() {
		buf = sioproto.AppendHeader(buf[:0], sioproto.Ack, 0, "/chat", 12345, true)
	}
}
