package wsconn_test

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/go-sails/sails/internal/wsconn"
)

func BenchmarkDecode(b *testing.B) {
	for _, n := range []int{16, 128, 2048, 65536} {
		for _, kind := range []byte{text, bin} {
			frame := fromClient.frame(fin|kind, string(bytes.Repeat([]byte{'a'}, n)))
			b.Run(fmt.Sprintf("bytes=%d/op=%d", n, kind), func(b *testing.B) {
				scratch := make([]byte, len(frame))
				var d wsconn.Decoder
				var s discard
				b.SetBytes(int64(n))
				b.ReportAllocs()
				for b.Loop() {
					copy(scratch, frame)
					if err := d.Decode(scratch, &s); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

// A batched read of many small messages whose last one is cut.
func BenchmarkDecode_Batch(b *testing.B) {
	var stream []byte
	for len(stream) < 64<<10 {
		stream = append(stream, fromClient.frame(fin|text, string(bytes.Repeat([]byte{'a'}, 100)))...)
	}
	for _, read := range []int{4 << 10, 16 << 10} {
		b.Run(fmt.Sprint("read=", read), func(b *testing.B) {
			scratch := make([]byte, len(stream))
			var d wsconn.Decoder
			var s discard
			b.SetBytes(int64(len(stream)))
			b.ReportAllocs()
			for b.Loop() {
				copy(scratch, stream)
				for p := scratch; len(p) > 0; {
					n := min(read, len(p))
					if err := d.Decode(p[:n], &s); err != nil {
						b.Fatal(err)
					}
					p = p[n:]
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(s.messages), "ns/message")
		})
	}
}

func BenchmarkDecode_Compressed(b *testing.B) {
	frame := fromClient.frame(fin|rsv1|text, deflate(b, string(bytes.Repeat([]byte("abcdefgh"), 256))))
	scratch := make([]byte, len(frame))
	d := wsconn.Decoder{Deflate: true}
	var s discard
	b.ReportAllocs()
	for b.Loop() {
		copy(scratch, frame)
		if err := d.Decode(scratch, &s); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkMask(b *testing.B) {
	for _, n := range []int{16, 125, 2048, 65536} {
		b.Run(fmt.Sprint("bytes=", n), func(b *testing.B) {
			p := make([]byte, n)
			b.SetBytes(int64(n))
			for b.Loop() {
				wsconn.Mask(p, 0x3d21fa37)
			}
		})
	}
}

func BenchmarkAppendHeader(b *testing.B) {
	dst := make([]byte, 0, 16)
	b.ReportAllocs()
	for b.Loop() {
		dst = wsconn.AppendHeader(dst[:0], wsconn.OpText, 2048, false)
	}
}

func BenchmarkDeflate(b *testing.B) {
	p := bytes.Repeat([]byte("abcdefgh"), 256)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := wsconn.Deflate(p); err != nil {
			b.Fatal(err)
		}
	}
}
