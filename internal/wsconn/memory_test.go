package wsconn_test

import (
	"bytes"
	"encoding/binary"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/go-sails/sails/internal/wsconn"
)

// discard is a Sink that allocates nothing.
type discard struct{ messages, bytes int }

func (s *discard) OnText(p []byte) error        { s.messages++; s.bytes += len(p); return nil }
func (s *discard) OnBinary(p []byte) error      { s.messages++; s.bytes += len(p); return nil }
func (s *discard) OnPing(p []byte) error        { return nil }
func (s *discard) OnPong(p []byte)              {}
func (s *discard) OnClose(uint16, string) error { return nil }

func TestDecoder_Size(t *testing.T) {
	if wsconn.DecoderSize > 64 {
		t.Errorf("an idle Decoder takes %d bytes", wsconn.DecoderSize)
	}
}

// Frames that are complete in the input cost no allocation, whatever their kind.
func TestDecode_NoAllocations(t *testing.T) {
	c := fromClient
	input := cat(c.frame(fin|text, "2"), c.frame(fin|text, strings.Repeat("héllo", 100)), c.frame(fin|bin, strings.Repeat("b", 70_000)),
		c.frame(fin|ping, "ping"), c.frame(fin|pong, ""))
	scratch := make([]byte, len(input))
	var d wsconn.Decoder
	var s discard
	if n := testing.AllocsPerRun(100, func() {
		copy(scratch, input)
		if err := d.Decode(scratch, &s); err != nil {
			t.Fatal(err)
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// Frame building into a slice with room costs none either.
func TestAppend_NoAllocations(t *testing.T) {
	dst := make([]byte, 0, 4096)
	payload := make([]byte, 1000)
	room := make([]byte, 10)
	if n := testing.AllocsPerRun(100, func() {
		dst = wsconn.AppendHeader(dst[:0], wsconn.OpText, 1000, false)
		dst = wsconn.AppendFrame(dst, wsconn.OpText, payload)
		dst = wsconn.AppendMasked(dst, wsconn.OpText, payload, testKey)
		dst = wsconn.AppendClose(dst, 1000, "bye")
		wsconn.PutHeader(room, wsconn.OpText, 1000)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// SEC-4, SEC-22: announced lengths cost nothing, bytes that arrive cost their
// order. 10,000 connections announce the limit and send nothing, then one byte.
func TestDecode_DeclaredLengthIsFree(t *testing.T) {
	const limit, connections = 100 << 20, 10_000
	header := append(binary.BigEndian.AppendUint64([]byte{fin | bin, 0xff}, limit), testKey[:]...)
	decoders := make([]wsconn.Decoder, connections)
	var s discard
	before := heap()
	for i := range decoders {
		decoders[i].MaxMessage = limit
		if err := decoders[i].Decode(slices.Clone(header), &s); err != nil {
			t.Fatal(err)
		}
	}
	if grown := heap() - before; grown > 1<<20 {
		t.Errorf("headers alone: %d bytes for %d connections", grown, connections)
	}
	for i := range decoders {
		if err := decoders[i].Decode([]byte{1}, &s); err != nil {
			t.Fatal(err)
		}
		if held := wsconn.HeldCapacity(&decoders[i]); held > 16<<10 {
			t.Fatalf("one byte: %d bytes held", held) // SEC-27: 16 KiB per idle connection
		}
	}
	if grown := heap() - before; grown > connections*(5<<10) {
		t.Errorf("one byte each: %d bytes for %d connections", grown, connections)
	}
	for i := range decoders {
		decoders[i].Release()
	}
	runtime.KeepAlive(decoders)
}

func heap() int {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc)
}

func totalAlloc() int {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int(m.TotalAlloc)
}

// SEC-24: never more than about twice what has arrived, and not beyond the limit.
func TestDecode_HoldsInProportion(t *testing.T) {
	const limit = 1_000_000
	input := fromClient.frame(fin|bin, strings.Repeat("b", limit))
	var d wsconn.Decoder
	var s discard
	for sent := 0; sent < len(input)-1; {
		n := min(1500, len(input)-1-sent)
		if err := d.Decode(input[sent:sent+n], &s); err != nil {
			t.Fatal(err)
		}
		sent += n
		if held := wsconn.HeldCapacity(&d); held > max(2*sent+2048, 8<<10) || held > limit+limit/10 {
			t.Fatalf("%d bytes held after %d", held, sent)
		}
	}
	d.Release()
}

func TestBlock_Growth(t *testing.T) {
	caps := wsconn.BlockCapacities(200_000, 200_125)
	if caps[0] > 64<<10 {
		t.Errorf("first allocation of %d bytes", caps[0])
	}
	for i := 1; i < len(caps); i++ {
		if caps[i] < caps[i-1]*3/2 && i < len(caps)-1 {
			t.Errorf("grows too slowly: %v", caps)
		}
	}
	if last := caps[len(caps)-1]; last > 220_000 {
		t.Errorf("grows past the limit: %d", last)
	}
}

// keeper appends to what it gets and keeps the result: neither may reach bytes of
// anybody else.
type keeper struct {
	discard
	got [][]byte
	t   *testing.T
}

func (k *keeper) OnBinary(p []byte) error {
	if cap(p) != len(p) {
		k.t.Errorf("message of %d bytes with a capacity of %d", len(p), cap(p))
	}
	k.got = append(k.got, bytes.Clone(p))
	return nil
}

func (k *keeper) OnPing(p []byte) error { return k.OnBinary(p) }

// SEC-27: pooled buffers are used over and over by messages of many sizes and
// owners; each message is exactly what was sent.
func TestDecode_PooledBuffersStayApart(t *testing.T) {
	k := &keeper{t: t}
	var want [][]byte
	ds := make([]wsconn.Decoder, 7)
	inputs := make([][]byte, len(ds))
	for i := range ds {
		for j := range 40 {
			p := bytes.Repeat([]byte{byte(i*40 + j)}, (i*37+j*113)%3000)
			inputs[i] = append(inputs[i], fromClient.frame(bin, string(p))...)
			inputs[i] = append(inputs[i], fromClient.frame(fin|ping, string(p[:min(len(p), 9)]))...)
			inputs[i] = append(inputs[i], fromClient.frame(fin|cont, "+")...)
			want = append(want, p[:min(len(p), 9)], append(bytes.Clone(p), '+'))
		}
	}
	for left := true; left; {
		left = false
		for i := range ds {
			n := min(311+i, len(inputs[i]))
			if err := ds[i].Decode(inputs[i][:n:n], k); err != nil {
				t.Fatal(err)
			}
			inputs[i] = inputs[i][n:]
			left = left || len(inputs[i]) > 0
		}
	}
	count := func(all [][]byte) map[string]int {
		m := map[string]int{}
		for _, p := range all {
			m[string(p)]++
		}
		return m
	}
	got, expected := count(k.got), count(want)
	if len(got) != len(expected) {
		t.Errorf("%d distinct messages, want %d", len(got), len(expected))
	}
	for p, n := range expected {
		if got[p] != n {
			t.Errorf("message %.20x of %d bytes: %d times, want %d", p, len(p), got[p], n)
		}
	}
}
