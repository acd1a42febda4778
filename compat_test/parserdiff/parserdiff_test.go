package parserdiff

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf16"

	"github.com/go-sails/sails/compat_test/internal/driver"
	"github.com/go-sails/sails/compat_test/internal/program"
	"github.com/go-sails/sails/internal/eioproto"
	"github.com/go-sails/sails/internal/leakcheck"
	"github.com/go-sails/sails/internal/sioproto"
)

func TestMain(m *testing.M) { leakcheck.Main(m) }

// packet is a decoded Socket.IO packet; binary types are counted as the plain ones.
type packet struct {
	Error bool
	Type  int
	Nsp   string
	ID    *string
	Data  string // JSON, attachments as base64; "" for none
}

// The limits of a default server.
const (
	maxAttachments = sioproto.DefaultMaxAttachments
	maxDepth       = sioproto.DefaultMaxDepth
)

// decode is what socketio does with a text message and the attachments it announces.
func decode(text string) (packet, error) {
	h, err := sioproto.ParseHeader([]byte(text), maxAttachments)
	if err != nil {
		return packet{}, err
	}
	p := packet{Type: int(h.Type), Nsp: string(h.Namespace)}
	if h.Type.Binary() {
		p.Type -= 3
	}
	if h.HasID {
		id := strconv.FormatFloat(float64(h.ID), 'f', -1, 64)
		p.ID = &id
	}
	data := h.Data
	if data == nil {
		if h.Attachments > 0 {
			return packet{}, fmt.Errorf("attachments without data")
		}
		return p, nil
	}
	switch h.Type {
	case sioproto.Disconnect:
		return packet{}, fmt.Errorf("DISCONNECT with data")
	case sioproto.Connect, sioproto.ConnectError:
		if data, err = sioproto.Valid(data, maxDepth); err != nil {
			return packet{}, err
		}
		if k := sioproto.Kind(data); k != '{' && (k != '"' || h.Type == sioproto.Connect) {
			return packet{}, fmt.Errorf("unsuitable data")
		}
	default:
		spans, err := sioproto.Split(data, h.Attachments, maxDepth, nil)
		if err != nil {
			return packet{}, err
		}
		if p.Type == int(sioproto.Event) {
			if len(spans) == 0 {
				return packet{}, fmt.Errorf("no event name")
			}
			first := data[spans[0].Start:spans[0].End]
			name, err := sioproto.EventName(first)
			if err != nil {
				return packet{}, err
			}
			if sioproto.Kind(first) == '"' && sioproto.Reserved(string(name)) {
				return packet{}, fmt.Errorf("reserved event name")
			}
		}
	}
	if h.Attachments > 0 {
		attachments := make([][]byte, h.Attachments)
		for i := range attachments {
			attachments[i] = []byte{byte(i)}
		}
		if data, err = sioproto.AppendInlined(nil, data, attachments); err != nil {
			return packet{}, err
		}
	}
	p.Data = string(data)
	return p, nil
}

// value makes JSON comparable: numbers as JavaScript has them.
func value(t *testing.T, text string) any {
	t.Helper()
	if text == "" {
		return nil
	}
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	return numbers(v)
}

func numbers(v any) any {
	switch v := v.(type) {
	case json.Number:
		f, _ := strconv.ParseFloat(string(v), 64)
		if math.IsInf(f, 0) {
			return nil // as JSON.stringify writes it
		}
		return f
	case []any:
		for i := range v {
			v[i] = numbers(v[i])
		}
	case map[string]any:
		for k := range v {
			v[k] = numbers(v[k])
		}
	}
	return v
}

func same(t *testing.T, a, b packet) bool {
	t.Helper()
	if a.Type != b.Type || a.Nsp != b.Nsp || (a.ID == nil) != (b.ID == nil) || (a.Data == "") != (b.Data == "") {
		return false
	}
	if a.ID != nil {
		x, _ := strconv.ParseFloat(*a.ID, 64)
		y, _ := strconv.ParseFloat(*b.ID, 64)
		if x != y && x < 1<<53 { // OverflowID stands for what does not fit
			return false
		}
	}
	return reflect.DeepEqual(value(t, a.Data), value(t, b.Data))
}

// stricter are the texts that JavaScript's numbers let pass and this library refuses,
// by its error or by their looks.
var stricter = []struct {
	why   string
	match func(text string, err error) bool
}{
	{"an attachment count that is no plain number (SEC-46)", func(text string, _ error) bool {
		return regexp.MustCompile(`^[56]`).MatchString(text) && !regexp.MustCompile(`^.[0-9]+-`).MatchString(text)
	}},
	{"an id with blanks inside is NaN there", func(_ string, err error) bool { return strings.Contains(err.Error(), "blank inside the id") }},
	{"an id that no number holds exactly", func(_ string, err error) bool { return strings.Contains(err.Error(), "id out of range") }},
	{"blanks beyond ASCII count as digits there (SEC-45)", func(text string, _ error) bool {
		return regexp.MustCompile(`^[0-6]([0-9]+-)?(/[^,]*(,|$))?[0-9\s]*\x{a0}`).MatchString(text)
	}},
	{"numbers that a float64 does not hold are Infinity there (SEC-50)", func(_ string, err error) bool { return strings.Contains(err.Error(), "number out of range") }},
	{"attachments without data", func(_ string, err error) bool { return strings.Contains(err.Error(), "attachments without data") }},
	{"attachments that are referred to twice, not at all or in another shape (SEC-48)", func(_ string, err error) bool { return strings.Contains(err.Error(), "placeholder") }},
	{"no text, or a blank for the type, is the number 0 there (SEC-45)", func(text string, _ error) bool {
		return regexp.MustCompile(`^(\s|\x{a0}|$)`).MatchString(text)
	}},
}

// exact are the parsers with the rules of this library; older ones accept more.
const exact = "socket.io-parser 4.2"

// Issue 3: what we accept the original parsers read the same way, and what the current
// one accepts we do, except for what is listed in stricter.
func TestSocketIO(t *testing.T) {
	for seed, parser := range []string{exact, "socket.io-parser 4.0", "socket.io-parser 3.3"} {
		t.Run(parser, func(t *testing.T) {
			js := driver.ForTest(t, program.Root(t), "../parserdiff/parsers.mjs")
			g := newGenerator(uint64(seed))
			accepted, problems := 0, 0
			each(t, js, parser, func() string { return g.mutate(g.packet()) }, func(text string, theirs packet) {
				ours, err := decode(text)
				switch {
				case err == nil:
					accepted++
					if theirs.Error || !same(t, ours, theirs) {
						t.Errorf("%q: %+v here, %+v there", text, ours, theirs)
						problems++
					}
				case !theirs.Error && parser == exact && !meant(text, err):
					t.Errorf("%q: %v here, %+v there", text, err, theirs)
					problems++
				}
				if problems > 20 {
					t.FailNow()
				}
			})
			if share := float64(accepted) / float64(caseCount(t)); share < 0.25 {
				t.Errorf("only %.0f %% of the cases are packets", 100*share)
			}
		})
	}
}

func meant(text string, err error) bool {
	for _, s := range stricter {
		if s.match(text, err) {
			return true
		}
	}
	return false
}

// frame is a decoded Engine.IO packet.
type frame struct {
	Error  bool
	Type   string
	Binary bool
	Data   string
}

// Issue 3: polling bodies are taken apart as the original parsers do, up to the first
// packet that is none.
func TestEngineIO(t *testing.T) {
	for revision, parser := range map[int]string{4: "engine.io-parser 5", 3: "engine.io-parser 2"} {
		t.Run(parser, func(t *testing.T) {
			js := driver.ForTest(t, program.Root(t), "../parserdiff/parsers.mjs")
			g := newGenerator(uint64(revision))
			problems := 0
			each(t, js, parser, func() string { return g.mutate(g.payload(revision)) }, func(text string, theirs []frame) {
				if i := slices.IndexFunc(theirs, func(f frame) bool { return f.Error }); i >= 0 {
					theirs = append(theirs[:i], frame{Error: true}) // the session ends there
				}
				ours := frames(text, revision)
				if wideBase64.MatchString(text) || reflect.DeepEqual(ours, theirs) || revision == 3 && laxer(ours, theirs, text) {
					return
				}
				t.Errorf("%q: %+v here, %+v there", text, ours, theirs)
				if problems++; problems > 20 {
					t.FailNow()
				}
			})
		})
	}
}

// laxer tells whether revision 3's parser took a length that is a number only to
// JavaScript, such as "1.0", "0x1" or one with blanks around: we end there.
func laxer(ours, theirs []frame, text string) bool {
	n := len(ours) - 1
	if n < 0 || !ours[n].Error || n > len(theirs) || !reflect.DeepEqual(ours[:n], theirs[:n]) {
		return false
	}
	units := utf16.Encode([]rune(text))
	for {
		colon := slices.Index(units, ':')
		if colon < 0 {
			return false
		}
		length := string(utf16.Decode(units[:colon]))
		size, err := strconv.ParseUint(length, 10, 31)
		if err != nil {
			return oddNumber.MatchString(length)
		}
		if units = units[colon+1:]; int(size) > len(units) {
			return false
		}
		if size > 0 && int(size) < len(units) && utf16.DecodeRune(rune(units[size-1]), rune(units[size])) != unicode.ReplacementChar {
			return true // half a character: we end there as well
		}
		units = units[size:]
	}
}

var oddNumber = regexp.MustCompile(`^[\s\x{a0}\x{feff}]*(0[xob][0-9a-f]+|[-+]?[0-9]*\.?[0-9]*(e[-+]?[0-9]+)?)[\s\x{a0}\x{feff}]*$`)

// wideBase64 is base64 with characters beyond Latin-1 in between, of which Node looks
// at the low byte and this library skips all.
var wideBase64 = regexp.MustCompile(`b[^\x{1e}]*[^\x{00}-\x{ff}]`)

func frames(text string, revision int) []frame {
	list := []frame{}
	read := eioproto.DecodePayload4
	if revision == 3 {
		read = eioproto.DecodePayload3
	}
	err := read([]byte(text), 0, func(p eioproto.Packet) error {
		f := frame{Type: p.Type.String(), Binary: p.Binary, Data: string(p.Data)}
		if p.Binary {
			f.Data = base64.StdEncoding.EncodeToString(p.Data)
		}
		list = append(list, f)
		return nil
	})
	if err != nil {
		list = append(list, frame{Error: true})
	}
	return list
}

// each has a parser decode generated texts, in portions.
func each[T any](t *testing.T, js *driver.Driver, parser string, text func() string, check func(text string, theirs T)) {
	t.Helper()
	const portion = 1000
	for left := caseCount(t); left > 0; left -= portion {
		cases := listOf(min(left, portion), text)
		var theirs []T
		must(t, js.Do(map[string]any{"parser": parser, "cases": cases}, &theirs, time.Minute))
		for i, text := range cases {
			check(text, theirs[i])
		}
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
