package wsconn_test

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/go-sails/sails/internal/wsconn"
)

const fuzzMaxMessage, fuzzMaxFrames = 600, 8

// checkDecoder compares the Decoder, fed in one piece, byte by byte and in cuts
// drawn from seed, with itself and with the model.
func checkDecoder(t *testing.T, in []byte, seed uint64, isClient, deflate bool) {
	fresh := func() *wsconn.Decoder {
		return &wsconn.Decoder{MaxMessage: fuzzMaxMessage, MaxFrames: fuzzMaxFrames, Client: isClient, Deflate: deflate}
	}
	c, one := fresh().OneByte(in)
	d := fresh()
	whole := feed(d, in, func() int { return 1 << 30 })
	if held := wsconn.HeldCapacity(d); held > 4<<10 {
		t.Errorf("holds %d bytes for %d", held, len(in))
	}
	single := feed(fresh(), in, func() int { return 1 })
	r := rand.New(rand.NewPCG(seed, 0))
	random := feed(fresh(), in, func() int { return 1 + r.IntN(1+len(in)/2) })
	if !slices.Equal(whole, single) || !slices.Equal(whole, random) {
		t.Errorf("%x:\nwhole  %.500q\nsingle %.500q\nrandom %.500q", in, whole, single, random)
	}
	if one && !slices.Equal(whole, []string{q("text", string(c))}) {
		t.Errorf("%x: one byte %q, whole %.500q", in, c, whole)
	}
	want, open := model(in, isClient, deflate, fuzzMaxMessage, fuzzMaxFrames)
	if slices.Equal(whole, want) {
		return
	}
	// In an unfinished frame the Decoder may know of an error before the model.
	if n := len(want); open && len(whole) == n+1 && slices.Equal(whole[:n], want) && strings.HasPrefix(whole[n], "error 100") {
		return
	}
	t.Errorf("%x:\ngot   %.500q\nmodel %.500q", in, whole, want)
}

func decoderSeeds(f *testing.F, s side) {
	hello := "\xf2\x48\xcd\xc9\xc9\x07\x00"
	for i, in := range [][]byte{
		s.frame(fin|text, "4hello"),
		s.frame(fin|text, "3"),
		cat(s.frame(text, "κό"), s.frame(fin|ping, "p"), s.frame(cont, ""), s.frame(fin|cont, "σμε"), s.frame(fin|closing, "\x03\xe8bye")),
		cat(s.frame(text, "\xf0\x9f"), s.frame(fin|cont, "\x98\x80")),
		cat(s.frame(fin|rsv1|text, hello), s.frame(rsv1|bin, hello[:3]), s.frame(fin|cont, hello[3:])),
		s.frame(fin|rsv1|bin, "\xf3\x48\xcd\xc9\xc9\x07\x00"+hello),
		s.frame(fin|bin, strings.Repeat("b", 300)),
		s.frame(fin|bin, strings.Repeat("b", fuzzMaxMessage+1)),
		cat(s.frame(bin, ""), s.frame(cont, ""), s.frame(cont, ""), s.frame(fin|pong, ""), s.frame(cont, ""), s.frame(cont, ""), s.frame(cont, ""), s.frame(cont, ""), s.frame(cont, ""), s.frame(cont, "")),
		{fin | bin, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4},
		{fin | bin, 0x7f, 0, 0, 0, 0, 0, 1, 0, 0},
		s.frame(fin|closing, "\x03"),
		s.frame(fin|text, "\xed\xa0\x80"),
	} {
		f.Add(in, uint64(i), i%2 == 0)
		f.Add(in, uint64(i), i%2 == 1)
	}
}

func FuzzDecoder_Server(f *testing.F) {
	decoderSeeds(f, fromClient)
	f.Fuzz(func(t *testing.T, in []byte, seed uint64, deflate bool) { checkDecoder(t, in, seed, false, deflate) })
}

func FuzzDecoder_Client(f *testing.F) {
	decoderSeeds(f, fromServer)
	f.Fuzz(func(t *testing.T, in []byte, seed uint64, deflate bool) { checkDecoder(t, in, seed, true, deflate) })
}

// FuzzDecoder_Frames reads its input as a recipe for frames, so that deep states
// are reached without guessing lengths and keys: each step takes a first byte, a
// length and that many bytes.
func FuzzDecoder_Frames(f *testing.F) {
	f.Add([]byte("\x01\x02ab\x89\x01p\x80\x01c"), uint64(1), true)
	f.Add([]byte("\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\x00\x88\x00"), uint64(2), true)
	f.Add([]byte("\x02\x00\x00\x00\x00\x00\x00\x00\x8a\x00\x80\x03abc"), uint64(3), false)
	f.Fuzz(func(t *testing.T, recipe []byte, seed uint64, deflate bool) {
		for _, s := range []side{fromClient, fromServer} {
			var in []byte
			for rest := recipe; len(rest) >= 2; {
				n := min(int(rest[1]), len(rest)-2)
				in = append(in, s.frame(rest[0], string(rest[2:2+n]))...)
				rest = rest[2+n:]
			}
			checkDecoder(t, in, seed, s == fromServer, deflate)
		}
	})
}

// FuzzDeflate: what we compress, we inflate to the same bytes.
func FuzzDeflate(f *testing.F) {
	f.Add([]byte(""))
	f.Add([]byte(`42["event",{"a":1}]`))
	f.Add([]byte(strings.Repeat("abc", 1000)))
	f.Fuzz(func(t *testing.T, p []byte) {
		z := deflate(t, string(p))
		d := &wsconn.Decoder{Deflate: true, MaxMessage: int64(max(len(p), len(z), 1))}
		got := feed(d, fromClient.frame(fin|rsv1|bin, z), func() int { return 1 << 30 })
		if !slices.Equal(got, []string{x(string(p))}) {
			t.Errorf("%.300q for %.100q", got, p)
		}
	})
}
