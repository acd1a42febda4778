package load

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestHistogram_Quantile(t *testing.T) {
	var h Histogram
	var all []time.Duration
	random := rand.New(rand.NewPCG(1, 2))
	for range 20_000 {
		d := time.Duration(random.ExpFloat64() * float64(time.Millisecond))
		h.Record(d)
		all = append(all, d)
	}
	slices.Sort(all)
	for _, q := range []float64{0.5, 0.99, 0.999, 1} {
		want := all[min(int(q*float64(len(all))), len(all)-1)]
		if got := h.Quantile(q); float64(got) < 0.96*float64(want) || float64(got) > 1.04*float64(want) {
			t.Errorf("quantile %v: %v, want %v", q, got, want)
		}
	}
	if got := new(Histogram).Quantile(0.99); got != 0 {
		t.Errorf("quantile of nothing: %v", got)
	}
}

// unmask is what a server does with our frames.
func unmask(t *testing.T, frame []byte) string {
	t.Helper()
	n, at := int(frame[1]&0x7f), 2
	switch n {
	case 126:
		n, at = int(binary.BigEndian.Uint16(frame[2:])), 4
	case 127:
		n, at = int(binary.BigEndian.Uint64(frame[2:])), 10
	}
	if frame[0] != 0x81 || frame[1]&0x80 == 0 || len(frame) != at+4+n {
		t.Fatalf("frame %x", frame[:min(len(frame), 20)])
	}
	text := bytes.Clone(frame[at+4:])
	for i := range text {
		text[i] ^= frame[at+i&3]
	}
	return string(text)
}

func TestFrame(t *testing.T) {
	for _, n := range []int{0, 1, 125, 126, 65_535, 65_536} {
		want := strings.Repeat("a", n)
		if got := unmask(t, Frame(nil, want)); got != want {
			t.Errorf("%d bytes: came out as %d", n, len(got))
		}
	}
}

func TestParseFrame_EveryCut(t *testing.T) {
	for _, n := range []int{0, 5, 125, 126, 300, 70_000} {
		frame := []byte{0x81}
		switch {
		case n < 126:
			frame = append(frame, byte(n))
		case n < 1<<16:
			frame = binary.BigEndian.AppendUint16(append(frame, 126), uint16(n))
		default:
			frame = binary.BigEndian.AppendUint64(append(frame, 127), uint64(n))
		}
		frame = append(frame, bytes.Repeat([]byte("b"), n)...)
		for cut := range frame {
			if _, _, size := parseFrame(frame[:cut]); size != 0 {
				t.Fatalf("%d bytes, the first %d: taken for whole", n, cut)
			}
		}
		if op, payload, size := parseFrame(frame); op != 0x81 || len(payload) != n || size != len(frame) {
			t.Errorf("%d bytes: %#x %d %d", n, op, len(payload), size)
		}
	}
}

// What a server does wrong in a broadcast is told apart.
func TestFan_Faults(t *testing.T) {
	for _, c := range []struct {
		arrive                   []int
		lost, reordered, doubled int64
	}{
		{arrive: []int{0, 1, 2, 3}},
		{arrive: []int{0, 2, 1, 3}, reordered: 1},
		{arrive: []int{3, 2, 1, 0}, reordered: 3},
		{arrive: []int{0, 1, 1, 2, 3}, doubled: 1},
		{arrive: []int{0, 2, 2, 1, 3, 0}, reordered: 1, doubled: 2},
		{arrive: []int{0, 1, 3}, lost: 1, reordered: 1},
		{arrive: nil, lost: 4},
	} {
		member := &Client{socket: &socket{}}
		f := newFan(&Broadcasts{Sender: &Client{socket: &socket{}, state: gone}, Members: []*Client{member}, Room: "r", Size: digits})
		for range 4 {
			f.send()
		}
		for _, n := range c.arrive {
			f.Message(member, fmt.Appendf(nil, `42["e%d","%0*d"]`, f.epoch, digits, n))
		}
		if f.lost() != c.lost || f.reordered != c.reordered || f.doubled != c.doubled || f.wrong != 0 {
			t.Errorf("%v: %d lost, %d out of order, %d doubled, %d wrong", c.arrive, f.lost(), f.reordered, f.doubled, f.wrong)
		}
		if all := f.done == f.sent; all != (c.lost == 0) {
			t.Errorf("%v: complete is %v", c.arrive, all)
		}
	}
}

func TestUnchunk(t *testing.T) {
	whole := "5\r\nhello\r\n10\r\n0123456789abcdef\r\n0\r\n\r\n"
	for cut := range whole {
		if _, taken, err := unchunk([]byte(whole[:cut])); taken != 0 || err != nil {
			t.Fatalf("%q: taken %d, %v", whole[:cut], taken, err)
		}
	}
	body, taken, err := unchunk([]byte(whole))
	if string(body) != "hello0123456789abcdef" || taken != len(whole) || err != nil {
		t.Errorf("%q, %d, %v", body, taken, err)
	}
}
