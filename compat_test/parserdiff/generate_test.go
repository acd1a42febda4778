package parserdiff

import (
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"
)

// caseCount is how many cases each parser gets.
func caseCount(t *testing.T) int {
	t.Helper()
	text := os.Getenv("PARSERDIFF_CASES")
	if text == "" {
		return 3000
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatal("PARSERDIFF_CASES: ", err)
	}
	return n
}

// generator makes packets that are right, or nearly so.
type generator struct{ *rand.Rand }

func newGenerator(seed uint64) generator { return generator{rand.New(rand.NewPCG(seed, 0))} }

func (g generator) one(of ...string) string { return of[g.IntN(len(of))] }

func (g generator) repeat(most int, item func() string, separator string) string {
	list := listOf(g.IntN(most+1), item)
	return strings.Join(list, separator)
}

func listOf(n int, item func() string) []string {
	var list []string
	for range n {
		list = append(list, item())
	}
	return list
}

// packet is a Socket.IO packet.
func (g generator) packet() string {
	var b strings.Builder
	b.WriteString(g.one("0", "1", "2", "2", "2", "3", "3", "4", "5", "5", "6", "6", "7"))
	if s := b.String(); s >= "5" && g.IntN(12) > 0 || g.IntN(40) == 0 {
		b.WriteString(g.one("1", "1", "1", "2", "2", "3", "10", "11", "0", "01", "-1", "1.5", "", "1e1", "0x1", " 1", "99999999999999999999"))
		b.WriteString(g.one("-", "-", "-", "-", "-", "-", "-", "", "--"))
	}
	kind := b.String()[0]
	b.WriteString(g.one("", "", "", "", "", "", "/,", "/a,", "/a,", "/a", "/a/b?c=d,", "/ä,", ",", "a,"))
	if g.IntN(8) > 0 {
		b.WriteString(g.one("", "", "", "0", "1", "7", "007", "12345678901234567", "9007199254740993"))
	} else {
		b.WriteString(g.one("99999999999999999999999", " ", "1 ", " 1", "1 2", "\t3", "-1", "1.5", "\u00a05"))
	}
	switch {
	case g.IntN(12) == 0 || kind == '1' && g.IntN(4) > 0:
	case g.IntN(4) == 0:
		b.WriteString(g.data())
	case kind == '0' || kind == '4':
		b.WriteString(g.object(2))
	case kind >= '5':
		b.WriteString(g.one(`["a",{"_placeholder":true,"num":0}]`, `["a",{"b":[{"num":1,"_placeholder":true}]},{"_placeholder":true,"num":0}]`,
			`["b",[`+g.json(2)+`,{"_placeholder":true,"num":0}]]`, `[{"_placeholder":true,"num":0},"x"]`))
	default:
		b.WriteString(g.data())
	}
	return b.String()
}

func (g generator) data() string {
	switch g.IntN(12) {
	case 0:
		return g.json(3)
	case 1:
		return g.object(2)
	}
	return "[" + strings.TrimSuffix(g.name()+","+g.repeat(3, func() string { return g.json(3) }, ","), ",") + "]"
}

func (g generator) name() string {
	if g.IntN(6) > 0 {
		return g.one(`"a"`, `"message"`, `"error"`, `""`, "1", "-0", `"\ud800"`)
	}
	return g.one(`"connect"`, `"disconnect"`, `"connec\u0074"`, `"newListener"`, "1e400", "null", `{"a":1}`, "true")
}

func (g generator) json(depth int) string {
	if depth > 0 {
		switch g.IntN(5) {
		case 0:
			return g.blank() + "[" + g.repeat(3, func() string { return g.json(depth - 1) }, ",") + "]" + g.blank()
		case 1:
			return g.object(depth)
		}
	}
	if g.IntN(20) == 0 {
		return g.one("1e400", "01", "1.", ".5", "+1", "-", "NaN", `"\x"`, `"\u12"`, "\"\t\"", "undefined", "'x'", "")
	}
	return g.blank() + g.one("null", "true", "false", "0", "-0", "1", "-1.5", "1e3", "1E+2", "-1e-400", "0.1", "12345678901234567890",
		`""`, `"x"`, `"ä€😀"`, `"\u0000\n\\\"\/"`, `"\ud83d\ude00"`, `"\ud83d"`, "\"\u007f\u2028\"") + g.blank()
}

func (g generator) object(depth int) string {
	if g.IntN(2) == 0 {
		return g.one(
			`{"_placeholder":true,"num":0}`, `{"_placeholder":true,"num":0}`, `{"num":0,"_placeholder":true}`, `{"_placeholder":true,"num":1}`,
			`{"_placeholder":true,"num":10}`, `{"_placeholder":true,"num":-1}`, `{"_placeholder":true,"num":"0"}`, `{"_placeholder":true}`,
			`{"_placeholder":false,"num":0}`, `{"_placeholder":1,"num":0}`, `{"_pl\u0061ceholder":true,"num":0,"more":[1]}`, `{"_placeholder":true,"_placeholder":false,"num":0}`,
			`{"_placeholder":true,"num":0.0}`, `{"_placeholder":true,"num":0.5}`, `{"_placeholder":true,"num":1e0}`, `{"_placeholder":true,"num":9,"num":0}`, `{"_placeholder":true,"num":-0}`)
	}
	member := func() string {
		return g.blank() + g.one(`"a"`, `"b"`, `"a"`, `""`, `"__proto__"`, `"1"`, `"\u0061"`, "a") + g.blank() + ":" + g.json(depth-1)
	}
	return "{" + g.repeat(3, member, ",") + g.one("", "", "", "", "", "", ",") + "}"
}

func (g generator) blank() string { return g.one("", "", "", "", "", "", " ", "\n", "\t\r") }

// payload is a polling body of Engine.IO.
func (g generator) payload(revision int) string {
	frame := func() string {
		if g.IntN(4) == 0 {
			return "b" + g.one("", "4", "4", "4", "0", "7") + g.one("", "AQID", "AQI=", "AQI", "A", "AQ-_", "AQ+/", "A Q\nI", "A*QI", "====", "ä")
		}
		return g.one("0", "1", "2", "3", "4", "4", "4", "5", "6", "7", "a", "") + g.one("", "", "probe", "x", "ä€😀", "2[\"a\"]", "\x00", "1:2", " ", "\ufeff")
	}
	if revision == 4 {
		return strings.Join(listOf(1+g.IntN(4), frame), "\x1e")
	}
	return strings.Join(listOf(g.IntN(4), func() string {
		text := frame()
		length := len([]rune(text)) + strings.Count(text, "😀")
		if g.IntN(15) == 0 {
			return g.one("0", "1", "01", "-1", "1.0", "1e0", " 1", "1 ", "99", "999999999999999999999", "", "x", "0x1") + g.one(":", ":", "") + text
		}
		return strconv.Itoa(length) + ":" + text
	}), "")
}

// mutate sometimes damages a text.
func (g generator) mutate(text string) string {
	runes := []rune(text)
	for g.IntN(4) == 0 && len(runes) > 0 {
		at := g.IntN(len(runes))
		switch g.IntN(3) {
		case 0:
			runes = append(runes[:at], runes[at+1:]...)
		case 1:
			runes[at] = []rune("0123456789-/,:[]{}\"\\ abeu\u00a0😀\x1e")[g.IntN(28)]
		default:
			runes = append(runes[:at], append([]rune(g.one("0", "1", "-", "/", ",", "[", "]", "{", "}", `"`, `\`, " ", "true")), runes[at:]...)...)
		}
	}
	return string(runes)
}
