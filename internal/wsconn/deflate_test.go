package wsconn_test

import (
	"bytes"
	"compress/flate"
	"crypto/rand"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/go-sails/sails/internal/wsconn"
)

func deflating() *wsconn.Decoder { return &wsconn.Decoder{Deflate: true, MaxMessage: 200_000} }

func deflate(t testing.TB, s string) string {
	t.Helper()
	p, err := wsconn.Deflate([]byte(s))
	if err != nil {
		t.Fatal(err)
	}
	return string(p)
}

// Sections 12 and 13: compressed messages of many sizes, fragmented or not, with
// control frames between; uncompressed ones alongside.
func TestDecode_Compressed(t *testing.T) {
	c := fromClient
	for _, n := range []int{0, 1, 16, 64, 256, 1024, 8192, 65536, 131072} {
		s := strings.Repeat(`{"a":"µ"},`, n/10+1)[:n]
		if n > 0 && strings.HasSuffix(s, "\xc2") {
			s = s[:n-1] + "."
		}
		z := deflate(t, s)
		half := len(z) / 2
		checkAll(t, deflating, []decodeCase{
			{fmt.Sprint("one frame ", n), cat(c.frame(fin|rsv1|text, z), c.frame(fin|text, "plain")), []string{q("text", s), `text "plain"`}},
			{fmt.Sprint("fragments ", n), cat(c.frame(rsv1|bin, z[:half]), c.frame(fin|ping, "p"), c.frame(cont, ""), c.frame(fin|cont, z[half:])), []string{`ping "p"`, x(s)}},
		})
	}
	random := make([]byte, 100_000)
	rand.Read(random)
	checkAll(t, deflating, []decodeCase{
		{"incompressible", c.frame(fin|rsv1|bin, deflate(t, string(random))), []string{x(string(random))}},
		{"not UTF-8", cat(c.frame(fin|text, "ok"), c.frame(fin|rsv1|text, deflate(t, "\xff"))), []string{`text "ok"`, refused(1007)}},
		{"cut character", c.frame(fin|rsv1|text, deflate(t, "\xe2\x82")), []string{refused(1007)}},
		{"bytes that look like no UTF-8 until inflated", cat(c.frame(rsv1|text, "\xf2\x48\xcd\xc9\xc9"), c.frame(fin|cont, "\x07\x00")), []string{`text "Hello"`}},
		{"reserved bit on a continuation", cat(c.frame(rsv1|text, "\xf2\x48"), c.frame(fin|rsv1|cont, "\xcd")), []string{refused(1002)}},
		{"reserved bit on a ping", c.frame(fin|rsv1|ping, ""), []string{refused(1002)}},
		{"rsv2 beside rsv1", c.frame(fin|0x60|text, ""), []string{refused(1002)}},
	})
}

// The examples of RFC 7692 §7.2.3, and streams a peer may end in its own way.
func TestDecode_DeflateStreams(t *testing.T) {
	c := fromClient
	var finals bytes.Buffer
	w, _ := flate.NewWriter(&finals, 9)
	w.Write([]byte("Hello"))
	w.Close()
	hello := finals.String()
	checkAll(t, deflating, []decodeCase{
		{"7.2.3.1", c.frame(fin|rsv1|text, "\xf2\x48\xcd\xc9\xc9\x07\x00"), []string{`text "Hello"`}},
		{"7.2.3.1 fragments", cat(c.frame(rsv1|text, "\xf2\x48\xcd"), c.frame(fin|cont, "\xc9\xc9\x07\x00")), []string{`text "Hello"`}},
		{"7.2.3.3 no compression", c.frame(fin|rsv1|text, "\x00\x05\x00\xfa\xff\x48\x65\x6c\x6c\x6f\x00"), []string{`text "Hello"`}},
		{"7.2.3.4 final block", c.frame(fin|rsv1|text, "\xf3\x48\xcd\xc9\xc9\x07\x00\x00"), []string{`text "Hello"`}},
		{"7.2.3.5 two blocks", c.frame(fin|rsv1|text, "\xf2\x48\x05\x00\x00\x00\xff\xff\xca\xc9\xc9\x07\x00"), []string{`text "Hello"`}},
		{"7.2.3.6 empty", c.frame(fin|rsv1|text, "\x00"), []string{`text ""`}},
		{"no bytes at all", c.frame(fin|rsv1|text, ""), []string{refused(1007)}},
		{"final block, nothing behind", c.frame(fin|rsv1|text, hello), []string{`text "Hello"`}},
		{"two final blocks", c.frame(fin|rsv1|text, hello+hello+"\x00"), []string{`text "HelloHello"`}},
		{"SEC-25 64 final blocks", c.frame(fin|rsv1|bin, strings.Repeat("\x03\x00", 64)+"\x00"), []string{x("")}},
		{"SEC-25 66 final blocks", c.frame(fin|rsv1|bin, strings.Repeat("\x03\x00", 66)+"\x00"), []string{refused(1008)}},
		{"broken block type", c.frame(fin|rsv1|text, "\xff\xff\xff"), []string{refused(1007)}},
		{"stored block too short", c.frame(fin|rsv1|text, "\x00\x30\x00\xcf\xff\x48"), []string{refused(1007)}},
		{"ends inside our tail", c.frame(fin|rsv1|bin, "\x01\x01\x00\xfe\xff"), []string{refused(1007)}},
		{"distance into nothing", c.frame(fin|rsv1|bin, "\x02\x03\x00"), []string{refused(1007)}},
	})
}

// SEC-25: bombs end at the limit, while inflating; and the limit of the compressed
// bytes holds as well.
func TestDecode_DeflateLimits(t *testing.T) {
	c := fromClient
	bomb := deflate(t, strings.Repeat("\x00", 64<<20))
	limited := func() *wsconn.Decoder { return &wsconn.Decoder{Deflate: true, MaxMessage: 100_000} }
	checkAll(t, limited, []decodeCase{
		{"exactly the limit", c.frame(fin|rsv1|bin, deflate(t, strings.Repeat("z", 100_000))), []string{x(strings.Repeat("z", 100_000))}},
		{"one more", c.frame(fin|rsv1|bin, deflate(t, strings.Repeat("z", 100_001))), []string{refused(1009)}},
		{"bomb", c.frame(fin|rsv1|bin, bomb[:80_000]), []string{refused(1009)}},
		{"bomb in fragments", cat(c.frame(rsv1|bin, bomb[:40_000]), c.frame(fin|cont, bomb[40_000:80_000])), []string{refused(1009)}},
		{"compressed over the limit", c.frame(fin|rsv1|bin, bomb+bomb)[:10], []string{refused(1009)}},
		{"final block over the limit", c.frame(fin|rsv1|bin, deflate(t, strings.Repeat("z", 60_000))+"\x00\x00\xff\xff\x03\x00"+deflate(t, strings.Repeat("z", 60_000))), []string{refused(1009)}},
	})
	input := c.frame(fin|rsv1|bin, bomb[:80_000])
	const rounds = 20
	before, allocated := heap(), totalAlloc()
	for range rounds {
		d := limited()
		if err := d.Decode(bytes.Clone(input), &discard{}); err == nil {
			t.Fatal("accepted")
		}
	}
	if grown := (totalAlloc() - allocated) / rounds; grown > 512<<10 {
		t.Errorf("refusing a bomb allocates %d bytes", grown)
	}
	if kept := heap() - before; kept > 1<<20 {
		t.Errorf("%d bytes kept", kept)
	}
}

// One compressor and inflater after the other is used by many at once; nothing of
// one message shows in another.
func TestDeflate_Concurrent(t *testing.T) {
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			for i := range 50 {
				s := strings.Repeat(fmt.Sprint("goroutine ", g, " round ", i, ";"), 1+i*g)
				z, err := wsconn.Deflate([]byte(s))
				if err != nil || cap(z)-len(z) > len(z)/2+64 {
					t.Errorf("%d bytes in a slice of %d: %v", len(z), cap(z), err)
					return
				}
				got := feed(deflating(), fromClient.frame(fin|rsv1|text, string(z)), func() int { return 1 + i*11 })
				if len(got) != 1 || got[0] != q("text", s) {
					t.Errorf("%.100q", got)
				}
			}
		})
	}
	wg.Wait()
}
