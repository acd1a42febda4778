package rawjson_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/go-sails/sails/internal/leakcheck"
	"github.com/go-sails/sails/internal/rawjson"
)

func TestMain(m *testing.M) { leakcheck.Main(m) }

func TestValid(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		text string
		want error
	}{
		{`{}`, nil}, {` [ ] `, nil}, {`{"a":[1,2,{"b":null}],"c":-0.5e+10}`, nil}, {`"\u00e9\n"`, nil},
		{`[[],{},[{}]]`, nil}, {`true`, nil}, {`0`, nil}, {`-12.5E-3`, nil},
		{``, rawjson.ErrSyntax}, {`{`, rawjson.ErrSyntax}, {`[1,]`, rawjson.ErrSyntax}, {`{"a"}`, rawjson.ErrSyntax},
		{`{"a":1,}`, rawjson.ErrSyntax}, {`01`, rawjson.ErrSyntax}, {`1.`, rawjson.ErrSyntax}, {`1e`, rawjson.ErrSyntax},
		{`-`, rawjson.ErrSyntax}, {`"a`, rawjson.ErrSyntax}, {"\"\x01\"", rawjson.ErrSyntax}, {`"\x"`, rawjson.ErrSyntax},
		{`"\u12g4"`, rawjson.ErrSyntax}, {`"\u12`, rawjson.ErrSyntax}, {`"\`, rawjson.ErrSyntax}, {`tru`, rawjson.ErrSyntax},
		{`nul1`, rawjson.ErrSyntax}, {`1 2`, rawjson.ErrSyntax}, {`[1}`, rawjson.ErrSyntax}, {`{"a":1]`, rawjson.ErrSyntax},
		{`{a:1}`, rawjson.ErrSyntax}, {`{"a" 1}`, rawjson.ErrSyntax}, {`[1 2]`, rawjson.ErrSyntax}, {`[`, rawjson.ErrSyntax},
		{`{"a":1`, rawjson.ErrSyntax}, {`]`, rawjson.ErrSyntax},
	} {
		if err := rawjson.Valid([]byte(tc.text)); !errors.Is(err, tc.want) {
			t.Errorf("Valid(%q) = %v, want %v", tc.text, err, tc.want)
		}
	}
}

// SEC-2: exactly MaxDepth levels pass, one more is refused.
func TestValid_Depth(t *testing.T) {
	t.Parallel()
	for _, open := range []string{"[", `{"a":`} {
		shut := map[string]string{"[": "]", `{"a":`: "}"}[open]
		at := strings.Repeat(open, rawjson.MaxDepth) + "1" + strings.Repeat(shut, rawjson.MaxDepth)
		if err := rawjson.Valid([]byte(at)); err != nil {
			t.Errorf("%q at the limit: %v", open, err)
		}
		over := open + at + shut
		if err := rawjson.Valid([]byte(over)); !errors.Is(err, rawjson.ErrDepth) {
			t.Errorf("%q over the limit: %v, want ErrDepth", open, err)
		}
	}
}

func TestMembers(t *testing.T) {
	t.Parallel()
	var got []string
	err := rawjson.Members([]byte(` {"b" : 1, "a":[1, 2] ,"b":{"x":"}"}} `), func(k, v []byte) bool {
		got = append(got, string(k)+"="+string(v))
		return true
	})
	if want := `"b"=1|"a"=[1, 2]|"b"={"x":"}"}`; err != nil || strings.Join(got, "|") != want {
		t.Errorf("Members = %q, %v; want %q", got, err, want)
	}
	calls := 0
	if err := rawjson.Members([]byte(`{"a":1,"b":oops}`), func(_, _ []byte) bool { calls++; return false }); err != nil || calls != 1 {
		t.Errorf("stopping early: %d calls, %v", calls, err)
	}
	for _, bad := range []string{``, `[]`, `{`, `{}x`, `{"a":1`, `{"a":1 "b":2}`, `{"a":1}x`, `{"a":}`, `{"a`, `{"a":1,}`} {
		if err := rawjson.Members([]byte(bad), func(_, _ []byte) bool { return true }); err == nil {
			t.Errorf("Members(%q) accepted", bad)
		}
	}
}

func TestElements(t *testing.T) {
	t.Parallel()
	var got []string
	err := rawjson.Elements([]byte(`[1, "a" ,{"b":[]}]`), func(v []byte) bool {
		got = append(got, string(v))
		return true
	})
	if want := `1|"a"|{"b":[]}`; err != nil || strings.Join(got, "|") != want {
		t.Errorf("Elements = %q, %v", got, err)
	}
	if err := rawjson.Elements([]byte(`[1,2]`), func([]byte) bool { return false }); err != nil {
		t.Errorf("stopping early: %v", err)
	}
	if err := rawjson.Elements([]byte(` [ ] `), nil); err != nil {
		t.Errorf("empty: %v", err)
	}
	for _, bad := range []string{``, `{}`, `[`, `[]x`, `[1`, `[1 2]`, `[1]x`, `[1,]`} {
		if err := rawjson.Elements([]byte(bad), func([]byte) bool { return true }); err == nil {
			t.Errorf("Elements(%q) accepted", bad)
		}
	}
}

func TestText(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{`"abc"`: "abc", `"a\"b\u00e9"`: "a\"bé", `"żółć"`: "żółć", "\"\xff\"": "\uFFFD", `"\ud800"`: "\uFFFD", `""`: ""} {
		if got, ok := rawjson.Text([]byte(in)); !ok || got != want {
			t.Errorf("Text(%s) = %q, %v", in, got, ok)
		}
	}
	for _, bad := range []string{``, `"`, `abc`, `"a"b"`, `1`} {
		if _, ok := rawjson.Text([]byte(bad)); ok {
			t.Errorf("Text(%q) accepted", bad)
		}
	}
	if got := string(rawjson.Trim([]byte(" \n{}\t "))); got != "{}" {
		t.Errorf("Trim = %q", got)
	}
}

// The scanner accepts what encoding/json accepts (but for depth), and nothing else.
func FuzzValid(f *testing.F) {
	for _, s := range []string{`{}`, `[1,{"a":"\u0000"}]`, `{"a":[{}]}`, `-1.5e9`, `"\`, `[[[]`, "\"\xff\""} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		err := rawjson.Valid(b)
		if errors.Is(err, rawjson.ErrDepth) {
			return
		}
		if want := json.Valid(b); (err == nil) != want {
			t.Fatalf("Valid(%q) = %v, encoding/json says %v", b, err, want)
		}
		if err == nil && b[rawjson.Blank(b, 0)] == '{' {
			if err := rawjson.Members(b, func(k, v []byte) bool {
				if _, ok := rawjson.Text(k); !ok || rawjson.Valid(v) != nil {
					t.Fatalf("member %q: %q of %q", k, v, b)
				}
				return true
			}); err != nil {
				t.Fatalf("Members(%q): %v", b, err)
			}
		}
	})
}
