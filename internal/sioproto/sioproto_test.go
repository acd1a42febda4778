package sioproto_test

import (
	"bytes"
	"encoding"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/go-sails/sails/internal/leakcheck"
	"github.com/go-sails/sails/internal/sioproto"
)

func TestMain(m *testing.M) { leakcheck.Main(m) }

// Spec 2.1.
func TestParseHeader(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{`0`, `0 0 / - -`},
		{`0/a`, `0 0 /a - -`},
		{`0/a,`, `0 0 /a - -`},
		{`0/a?b=c,{}`, `0 0 /a?b=c - {}`},
		{`2["a"]`, `2 0 / - ["a"]`},
		{`2/,["a"]`, `2 0 / - ["a"]`},
		{`212["a"]`, `2 0 / 12 ["a"]`},
		{`2/n,007["a"]`, `2 0 /n 7 ["a"]`},
		{`2 7 ["a"]`, `2 0 / 7 ["a"]`},
		{"2\t[]", `2 0 / 0 []`},
		{`29007199254740993[]`, `2 0 / 9007199254740992 []`},
		{`312`, `3 0 / 12 -`},
		{`399999999999999999999999[]`, `3 0 / 18446744073709551615 []`},
		{`318446744073709551615[]`, `3 0 / 18446744073709551615 []`},
		{`52-/n,3["a"]`, `5 2 /n 3 ["a"]`},
		{`610-1[]`, `6 10 / 1 []`},
		{`2-1["a"]`, `2 0 / - -1["a"]`},
	} {
		h, err := sioproto.ParseHeader([]byte(c.text), 10)
		if err != nil {
			t.Errorf("%q: %v", c.text, err)
			continue
		}
		id, data := "-", "-"
		if h.HasID {
			id = fmt.Sprint(h.ID)
		}
		if h.Data != nil {
			data = string(h.Data)
		}
		if got := fmt.Sprintf("%d %d %s %s %s", h.Type, h.Attachments, h.Namespace, id, data); got != c.want {
			t.Errorf("%q: %s, want %s", c.text, got, c.want)
		}
	}
	for _, text := range []string{"", "7", "x", "-", "5", "5-", "50-", "511-", "5x-", "51", "5１-", "599999999999999999999999-[]",
		"2" + strings.Repeat("9", 30) + "[]", "21 2[]", "3" + strings.Repeat("9", 30) + " 1[]"} {
		if _, err := sioproto.ParseHeader([]byte(text), 10); !errors.Is(err, sioproto.ErrPacket) {
			t.Errorf("%q: %v", text, err)
		}
	}
	if !sioproto.BinaryAck.Binary() || sioproto.Ack.Binary() {
		t.Error("Binary is wrong")
	}
}

func TestValid(t *testing.T) {
	for _, good := range []string{
		`1`, ` 1 `, `-0`, `0.5e-7`, `1E+2`, `""`, `"\u00e9\\\/\b\f\n\r\t\""`, `"é"`, `[]`, `[ ]`, `{ }`, `[1,[2],{"a":{}}]`, `{"a":1,"a":2}`,
		"\n\t\r {\"a\" : [ 1 , 2 ] }\n", `null`, `true`, `false`, strings.Repeat("[", 512) + strings.Repeat("]", 512), `1e308`, strings.Repeat("1", 308),
	} {
		v, err := sioproto.Valid([]byte(good), 512)
		if err != nil || string(v) != strings.TrimSpace(good) || !json.Valid([]byte(good)) {
			t.Errorf("%.40q: %.40q, %v", good, v, err)
		}
	}
	for _, bad := range []string{
		``, ` `, `1 2`, `01`, `-`, `+1`, `1.`, `.5`, `1e`, `1e+`, `"`, `"\x"`, `"\u12g4"`, `"\u12`, `"\`, "\"\n\"", "\"\x00\"", `[`, `[1`, `[1,`, `[1,]`, `[,]`,
		`{`, `{"a"`, `{"a":`, `{"a":1`, `{"a":1,`, `{"a":1,}`, `{a:1}`, `{1:1}`, `nul`, `True`, `undefined`, `NaN`, `'a'`, `[1}`, `{"a":1]`, "\ufeff1", "\u00a01",
		strings.Repeat("[", 513) + strings.Repeat("]", 513), strings.Repeat(`{"a":`, 600) + "1" + strings.Repeat("}", 600),
		strings.Repeat("[", 1_000_000), `1e309`, `-1e400`, strings.Repeat("9", 400),
	} {
		if v, err := sioproto.Valid([]byte(bad), 512); !errors.Is(err, sioproto.ErrPacket) {
			t.Errorf("%.40q: %.40q, %v", bad, v, err)
		}
	}
}

func TestSplit(t *testing.T) {
	spans, err := sioproto.Split([]byte(` [ "a" , {"b":[1,2]},-1.5 ,[],null ] `), 0, 10, nil)
	if err != nil {
		t.Fatal(err)
	}
	data := ` [ "a" , {"b":[1,2]},-1.5 ,[],null ] `
	var parts []string
	for _, s := range spans {
		parts = append(parts, data[s.Start:s.End])
	}
	if got := strings.Join(parts, "|"); got != `"a"|{"b":[1,2]}|-1.5|[]|null` {
		t.Errorf("split into %s", got)
	}
	const ref0 = `{"_placeholder":true,"num":0}`
	for _, good := range []string{`[` + ref0 + `]`, `[[{"x":` + ref0 + `}]]`, `[{"num":0,"_placeholder":true}]`, `[{"\u005fplaceholder":true,"n\u0075m":0}]`,
		`[{"_placeholder":false},{"_placeholder":"true","num":3},{"num":5},` + ref0 + `]`} {
		if _, err := sioproto.Split([]byte(good), 1, 10, nil); err != nil {
			t.Errorf("%s: %v", good, err)
		}
	}
	for _, bad := range []string{`[]`, `{}`, ``, `1`, `[` + ref0 + `,` + ref0 + `]`, `[{"_placeholder":true,"num":1}]`, `[{"_placeholder":true}]`,
		`[{"_placeholder":true,"num":0.0}]`, `[{"_placeholder":true,"num":"0"}]`, `[{"_placeholder":true,"num":0,"a":1}]`, `[{"_placeholder":true,"num":9999999999}]`,
		`[{"_placeholder":true,"num":-0}]`, `[` + ref0 + `]x`, `[` + ref0} {
		if _, err := sioproto.Split([]byte(bad), 1, 10, nil); !errors.Is(err, sioproto.ErrPacket) {
			t.Errorf("%s: %v", bad, err)
		}
	}
}

func TestEventName(t *testing.T) {
	for value, want := range map[string]string{
		`"a"`: "a", `""`: "", `"\u0061\n"`: "a\n", `"é"`: "é", `"\ud800"`: "\ufffd", `1`: "1", `-1`: "-1", `1.0`: "1", `1e3`: "1000", `0.10`: "0.1", `1e21`: "1e+21", `1e-7`: "1e-7", `-0`: "0", `12345678901234567890`: "12345678901234567000",
	} {
		got, err := sioproto.EventName([]byte(value))
		if err != nil || string(got) != want {
			t.Errorf("%s: %q, %v; want %q", value, got, err, want)
		}
	}
	for _, value := range []string{"", "null", "true", "{}", "[]", "1e999"} {
		if _, err := sioproto.EventName([]byte(value)); !errors.Is(err, sioproto.ErrPacket) {
			t.Errorf("%s: %v", value, err)
		}
	}
}

func TestQueryAuth(t *testing.T) {
	name, query := sioproto.CutQuery([]byte("/a?b=c&b=d&e=%20f+g&h&%zz=1&&i=\"?x"))
	if string(name) != "/a" {
		t.Errorf("name %q", name)
	}
	if got := string(sioproto.QueryAuth(query)); got != `{"b":"d","e":" f g","h":"","%zz":"1","i":"\"?x"}` {
		t.Errorf("auth %s", got)
	}
	if sioproto.QueryAuth(nil) != nil {
		t.Error("auth of nothing")
	}
	var many strings.Builder
	for i := range 2000 {
		fmt.Fprintf(&many, "k%d=1&", i)
	}
	var v map[string]any
	if err := json.Unmarshal(sioproto.QueryAuth([]byte(many.String())), &v); err != nil || len(v) != 1000 {
		t.Errorf("%d keys, %v", len(v), err)
	}
}

type upper string

func (u upper) MarshalText() ([]byte, error) { return []byte(strings.ToUpper(string(u))), nil }

var _ encoding.TextMarshaler = upper("")

type custom struct{ B []byte }

func (custom) MarshalJSON() ([]byte, error) { return []byte(`"custom"`), nil }

type byPointer struct{ B []byte }

func (*byPointer) MarshalJSON() ([]byte, error) { return []byte(`"pointer"`), nil }

type named []byte

type embedded struct {
	B     []byte
	Other int
}

type hidden struct{ Inner []byte }

type everything struct {
	embedded
	*hidden
	Name    string `json:"name"`
	Skipped []byte `json:"-"`
	private []byte
	Empty   []byte         `json:"empty,omitempty"`
	Zero    time.Time      `json:"zero,omitzero"`
	Nothing *int           `json:",omitempty"`
	Quoted  int            `json:"quoted,string"`
	Named   named          `json:"named"`
	List    [][]byte       `json:"list"`
	Map     map[int][]byte `json:"map"`
	Keys    map[upper]any  `json:"keys"`
	Any     any            `json:"any"`
	Other   string
	Array   [2]byte
	Custom  custom
	When    time.Time
	Err     *everything `json:"err"`
}

// Values keep the form that package encoding/json gives them, but for byte slices.
func TestEncoder_Values(t *testing.T) {
	when := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for _, c := range []struct {
		v    any
		want string
		atts string
	}{
		{nil, `null`, ``}, {true, `true`, ``}, {int64(-5), `-5`, ``}, {uint64(math.MaxUint64), `18446744073709551615`, ``}, {uint8(3), `3`, ``},
		{1.5, `1.5`, ``}, {float32(0.1), `0.1`, ``}, {1e21, `1e+21`, ``}, {1e-7, `1e-7`, ``}, {math.Copysign(0, -1), `0`, ``},
		{"<a>&\u2028\"\\\n\r\t\b\f\x01é", "\"<a>&\u2028\\\"\\\\\\n\\r\\t\\b\\f\\u0001é\"", ``}, {"\xff", "\"\ufffd\"", ``},
		{[]byte("b"), `{"_placeholder":true,"num":0}`, `b`}, {named("n"), `{"_placeholder":true,"num":0}`, `n`}, {[]byte(nil), `null`, ``}, {named(nil), `null`, ``},
		{json.RawMessage(` {"z":1, "a":"\ud800"} `), `{"z":1, "a":"\ud800"}`, ``}, {json.RawMessage(nil), `null`, ``},
		{[]any{1, []byte("x"), []any(nil), map[string]any(nil)}, `[1,{"_placeholder":true,"num":0},null,null]`, `x`},
		{map[string]any{"b": []byte("1"), "a": []byte("2")}, `{"a":{"_placeholder":true,"num":0},"b":{"_placeholder":true,"num":1}}`, `2|1`},
		{map[string][]byte{"b": []byte("1"), "a": nil}, `{"a":null,"b":{"_placeholder":true,"num":0}}`, `1`},
		{map[string]int{"b": 1, "a": 2}, `{"a":2,"b":1}`, ``}, {[]int{1, 2}, `[1,2]`, ``}, {[][]byte(nil), `null`, ``}, {map[int][]byte(nil), `null`, ``}, {(*embedded)(nil), `null`, ``},
		{[2][]byte{[]byte("p"), []byte("q")}, `[{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]`, `p|q`},
		{custom{}, `"custom"`, ``}, {&byPointer{}, `"pointer"`, ``}, {struct{ P byPointer }{}, `{"P":{"B":null}}`, ``}, {&struct{ P byPointer }{}, `{"P":"pointer"}`, ``},
		{struct{ A, B any }{when, []byte("x")}, `{"A":"2026-01-02T03:04:05Z","B":{"_placeholder":true,"num":0}}`, `x`},
		{
			&everything{
				embedded: embedded{B: []byte("e"), Other: 9}, Name: "<n>", Skipped: []byte("s"), private: []byte("p"), Quoted: 5, Named: named("N"),
				List: [][]byte{[]byte("l"), nil}, Map: map[int][]byte{10: []byte("m"), 9: nil}, Keys: map[upper]any{"k": []byte("v")},
				Any: map[string]any{"deep": []any{named("d")}}, Other: "o", Array: [2]byte{1, 2}, When: when,
			},
			`{"B":{"_placeholder":true,"num":0},"name":"<n>","quoted":"5","named":{"_placeholder":true,"num":1},"list":[{"_placeholder":true,"num":2},null],` +
				`"map":{"10":{"_placeholder":true,"num":3},"9":null},"keys":{"k":{"_placeholder":true,"num":4}},"any":{"deep":[{"_placeholder":true,"num":5}]},` +
				`"Other":"o","Array":[1,2],"Custom":"custom","When":"2026-01-02T03:04:05Z","err":null}`,
			`e|N|l|m|v|d`,
		},
	} {
		enc := sioproto.NewEncoder()
		if err := enc.Value(c.v); err != nil {
			t.Errorf("%T: %v", c.v, err)
		}
		if got := string(enc.Buf); got != c.want {
			t.Errorf("%T:\n%s, want\n%s", c.v, got, c.want)
		}
		if got := string(bytes.Join(enc.Attachments, []byte("|"))); got != c.atts {
			t.Errorf("%T: attachments %q, want %q", c.v, got, c.atts)
		}
		enc.Release()
	}
}

type loop struct {
	B    []byte
	Next *loop
}

// SEC-2: values that contain themselves end in an error.
func TestEncoder_Refuses(t *testing.T) {
	self := &loop{}
	self.Next = self
	list := []any{nil}
	list[0] = list
	dict := map[string]any{}
	dict["self"] = dict
	for name, v := range map[string]any{
		"loop": self, "list": list, "dict": dict, "channel": make(chan int), "function in any": []any{func() {}}, "NaN": math.NaN(), "Inf": math.Inf(-1),
		"raw": json.RawMessage("{"), "raw not UTF-8": json.RawMessage("\"\xff\""), "key": map[[1]int][]byte{{}: nil}, "inside": struct {
			A any
			B []byte
		}{make(chan int), nil}, "in map": map[string]any{"x": make(chan int)}, "in mapping": map[string]struct {
			C chan int
			B []byte
		}{"x": {}}, "in slice": []struct {
			C chan int
			B []byte
		}{{}},
	} {
		enc := sioproto.NewEncoder()
		if err := enc.Value(v); err == nil {
			t.Errorf("%s was encoded: %.60s", name, enc.Buf)
		}
		enc.Release()
	}
}

func TestEncoder_Spliced(t *testing.T) {
	enc := sioproto.NewEncoder()
	defer enc.Release()
	enc.Attachments = [][]byte{[]byte("before")}
	const value = `{"a" : {"num":1,"_placeholder":true}, "b":[{"_placeholder":true,"num":0}],"c":"\ud800"}`
	if err := enc.Spliced([]byte(value), [][]byte{[]byte("zero"), []byte("one")}); err != nil {
		t.Fatal(err)
	}
	if got, want := string(enc.Buf), `{"a" : {"_placeholder":true,"num":1}, "b":[{"_placeholder":true,"num":2}],"c":"\ud800"}`; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if got := string(bytes.Join(enc.Attachments, []byte("|"))); got != "before|one|zero" {
		t.Errorf("attachments %s", got)
	}
	inlined, err := sioproto.AppendInlined(nil, []byte(value), [][]byte{[]byte("zero")})
	if err != nil || string(inlined) != `{"a" : "", "b":["emVybw=="],"c":"\ud800"}` {
		t.Errorf("%s, %v", inlined, err)
	}
}

func TestAppendHeader(t *testing.T) {
	for _, c := range []struct {
		got  []byte
		want string
	}{
		{sioproto.AppendHeader(nil, sioproto.Connect, 0, "/", 0, false), "0"},
		{sioproto.AppendHeader(nil, sioproto.Disconnect, 0, "/a", 0, false), "1/a,"},
		{sioproto.AppendHeader(nil, sioproto.BinaryAck, 12, "/a", 7, true), "612-/a,7"},
		{sioproto.AppendHeader(nil, sioproto.Event, 0, "", 0, true), "20"},
		{sioproto.AppendHeader(nil, sioproto.Ack, 0, "/", 1<<53, true), "39007199254740992"},
		{sioproto.AppendHeader(nil, sioproto.Ack, 0, "/", 90071992514740992, true), "390071992514741000"}, // as Node answers
	} {
		if string(c.got) != c.want {
			t.Errorf("%s, want %s", c.got, c.want)
		}
	}
	if !sioproto.Reserved("connect_error") || sioproto.Reserved("error") {
		t.Error("Reserved is wrong")
	}
}

// SEC-50: work grows with the input, not faster: no byte is looked at more than a few
// times, however long the text is.
func TestLinear(t *testing.T) {
	for name, make := range map[string]func(n int) string{
		"digits": func(n int) string {
			return "[" + strings.Repeat("9", min(n, 300)) + "." + strings.Repeat("9", n) + "e1]"
		},
		"escapes": func(n int) string { return `["` + strings.Repeat(`\u0041`, n) + `"]` },
		"commas":  func(n int) string { return "[" + strings.Repeat("1,", n) + "1]" },
		"blanks":  func(n int) string { return "[" + strings.Repeat(" ", n) + "]" },
		"objects": func(n int) string { return "[" + strings.Repeat("{},", n) + "1]" },
		"nested":  func(int) string { return strings.Repeat(`[{"a":`, 200) + "1" + strings.Repeat("}]", 200) },
		"pretends": func(n int) string {
			return "[" + strings.Repeat(`{"_placeholder":1},`, n) + `{"_placeholder":true,"num":0}]`
		},
		"escaped keys": func(n int) string {
			return `[{"` + strings.Repeat(`\u0041`, n) + `":{"_placeholder":true,"num":0}}]`
		},
	} {
		attachments := boolInt(name == "pretends" || name == "escaped keys")
		for _, n := range []int{100, 10_000, 80_000} {
			text := make(n)
			looked, err := sioproto.Looked([]byte(text), attachments, 512)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if looked < len(text)/4 || looked > 4*len(text) {
				t.Errorf("%s: looked at %d bytes of %d", name, looked, len(text))
			}
		}
	}
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}
