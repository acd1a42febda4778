package packjson_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/go-sails/sails/internal/leakcheck"
	"github.com/go-sails/sails/internal/sioproto/packjson"
)

func TestMain(m *testing.M) { leakcheck.Main(m) }

func decode(data []byte, depth int) (string, [][]byte, error) {
	d := packjson.NewDecoder(data, depth)
	_, err := d.Value()
	if err == nil && d.More() {
		err = errors.New("more follows")
	}
	return string(d.JSON), d.Attachments, err
}

func TestRoundTrip(t *testing.T) {
	for _, text := range []string{
		`null`, `true`, `false`, `0`, `-1`, `127`, `128`, `-33`, `65536`, `4294967296`, `9007199254740993`, `18446744073709551615`,
		`1.5`, `-0.25`, `1e-7`, `1e+21`, `""`, `"é😀\n\"\\"`, `[]`, `{}`, `{"b":1,"a":[{"c":null}],"__proto__":2}`,
		`[` + strings.Repeat(`"x",`, 70_000) + `1]`, `"` + strings.Repeat("y", 70_000) + `"`,
		strings.Repeat("[", 500) + strings.Repeat("]", 500),
	} {
		packed, err := packjson.Append(nil, []byte(text), nil)
		if err != nil {
			t.Fatalf("%.60s: %v", text, err)
		}
		got, atts, err := decode(packed, 512)
		if err != nil || got != text || len(atts) > 0 {
			t.Errorf("%.60s came back as %.60s, %v", text, got, err)
		}
	}
}

func TestBinary(t *testing.T) {
	const text = `["x",{"_placeholder":true,"num":1},{"a":{"num":0,"_placeholder":true}},{"_placeholder":false},{"_placeholder":true,"num":9},{"num":[1]}]`
	packed, err := packjson.Append(nil, []byte(text), [][]byte{[]byte("zero"), []byte("one")})
	if err != nil {
		t.Fatal(err)
	}
	got, atts, err := decode(packed, 10)
	const want = `["x",{"_placeholder":true,"num":0},{"a":{"_placeholder":true,"num":1}},{"_placeholder":false},{"_placeholder":true,"num":9},{"num":[1]}]`
	if err != nil || got != want || !reflect.DeepEqual(atts, [][]byte{[]byte("one"), []byte("zero")}) {
		t.Errorf("%s %q %v", got, atts, err)
	}
}

// Bytes written by notepack 2 and 3.
func TestDialects(t *testing.T) {
	for _, c := range []struct{ hex, want string }{
		{"d40000", `null`},                                     // undefined
		{"82a161d40000a16201", `{"b":1}`},                      // left out of objects
		{"92d4000001", `[null,1]`},                             // kept in arrays
		{"d7000000018bcfe56800", `"2023-11-14T22:13:20.000Z"`}, // Date, notepack 2
		{"d6ff6553f100", `"2023-11-14T22:13:20.000Z"`},         // timestamp 32
		{"d7ff1dcd65006553f100", `"2023-11-14T22:13:20.125Z"`}, // timestamp 64
		{"81 01 02", `{"1":2}`},
		{"cb7ff8000000000000", `null`}, // NaN
		{"ca3fc00000", `1.5`},
		{"d3ffffffffffffffff", `-1`},
		{"c403010203", `{"_placeholder":true,"num":0}`},
		{"a2c328", `"` + "\ufffd(" + `"`},
	} {
		data, err := hex.DecodeString(strings.ReplaceAll(c.hex, " ", ""))
		if err != nil {
			t.Fatal(err)
		}
		if got, _, err := decode(data, 10); err != nil || got != c.want {
			t.Errorf("%s: %s, %v; want %s", c.hex, got, err, c.want)
		}
	}
}

// SEC-2, SEC-4: depth and declared lengths.
func TestRefused(t *testing.T) {
	for name, data := range map[string][]byte{
		"empty":          {},
		"long string":    {0xdb, 0xff, 0xff, 0xff, 0xff, 'a'},
		"long bytes":     {0xc6, 0x7f, 0xff, 0xff, 0xff},
		"long array":     {0xdd, 0xff, 0xff, 0xff, 0xff},
		"long map":       {0xdf, 0xff, 0xff, 0xff, 0xff},
		"array as key":   {0x81, 0x90, 0x01},
		"other ext":      {0xd4, 0x05, 0x00},
		"long ext":       {0xc9, 0xff, 0xff, 0xff, 0xff, 0x00},
		"never used":     {0xc1},
		"cut off":        {0x92, 0x01},
		"deep":           bytes.Repeat([]byte{0x91}, 1_000_000),
		"deep maps":      bytes.Repeat([]byte{0x81, 0xa1, 'a'}, 300_000),
		"cut off number": {0xcf, 1},
	} {
		if got, _, err := decode(data, 512); !errors.Is(err, packjson.ErrMessagePack) {
			t.Errorf("%s: %.60s, %v", name, got, err)
		}
	}
	for _, text := range []string{``, `[`, `{"a"`, `{"a":}`, `[1,]`, strings.Repeat("[", 30_000)} {
		if _, err := packjson.Append(nil, []byte(text), [][]byte{{}}); err == nil {
			t.Errorf("%.20q was encoded", text)
		}
	}
}

func FuzzDecode(f *testing.F) {
	for _, s := range []string{"\x92\x01\xa1a", "\xd4\x00\x00", "\x81\xa1a\xc4\x01\x00", "\xcb\x7f\xf8\x00\x00\x00\x00\x00\x00"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		text, atts, err := decode(data, 64)
		if err != nil {
			return
		}
		if !json.Valid([]byte(text)) {
			t.Fatalf("%x became %q", data, text)
		}
		packed, err := packjson.Append(nil, []byte(text), atts)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		again, attsAgain, err := decode(packed, 64)
		if err != nil || len(attsAgain) < len(atts) && len(atts) == 0 {
			t.Fatalf("%s came back as %s, %v", text, again, err)
		}
	})
}

// Numbers that a float64 does not hold are infinite, which JSON writes as null: so
// does JavaScript, and an event that relays one is not lost.
func TestOverflow(t *testing.T) {
	packed, err := packjson.Append(nil, []byte(`[1e999,-1e999,1e-999,1`+strings.Repeat("0", 400)+`]`), nil)
	if err != nil {
		t.Fatal(err)
	}
	if got, _, err := decode(packed, 10); err != nil || got != "[null,null,0,null]" {
		t.Errorf("%s, %v", got, err)
	}
}

// Valid JSON of any depth is encoded, comes back with the same meaning, and nothing else
// is encoded.
func FuzzAppend(f *testing.F) {
	for _, s := range []string{
		`null`, ` [true , false] `, `{"a":{"b":[1,-1,-33,-129,-32769,-2147483649,128,256,65536,4294967296,1.5,1e3,1e400]}}`,
		`{"_placeholder":true,"num":0}`, `{"\u005fplaceholder":true,"num":1}`, `["\ud800","é","\u0000"]`, "\"\xff\"", `[1,]`, `[1 2]`, `{"a" 1}`, `{} {}`, ``, `[`, `{"a":1`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		packed, err := packjson.Append([]byte("x"), text, nil)
		if !json.Valid(text) {
			if err == nil {
				t.Fatalf("%q was encoded", text)
			}
			return
		}
		if err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		got, _, err := decode(packed[1:], 10_000)
		if packed[0] != 'x' || err != nil {
			t.Fatalf("%q became %x: %v", text, packed, err)
		}
		var want, have any
		if json.Unmarshal(text, &want) != nil { // a number too large for a float64
			return
		}
		if err := json.Unmarshal([]byte(got), &have); err != nil || !reflect.DeepEqual(have, want) {
			t.Fatalf("%q came back as %s, %v", text, got, err)
		}
	})
}

func BenchmarkAppend(b *testing.B) {
	text := []byte(`["news",{"id":17,"title":"something happened","tags":["a","b"],"at":1732320000000,"ok":true}]`)
	b.ReportAllocs()
	var buf []byte
	for b.Loop() {
		var err error
		if buf, err = packjson.Append(buf[:0], text, nil); err != nil {
			b.Fatal(err)
		}
	}
}
