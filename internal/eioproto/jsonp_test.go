package eioproto_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/go-sails/sails/internal/eioproto"
)

func TestJSONPBody(t *testing.T) {
	for _, c := range []struct {
		form, want string
		err        bool
	}{
		{form: "d=6%3A4hello", want: "6:4hello"},
		{form: "d=4a+b", want: "4a b"},
		{form: "d=4a%5Cnb", want: "4a\nb"},                    // \n
		{form: "d=4a%5C%5Cnb", want: `4a\nb`},                 // \\n
		{form: "d=4a%5C%5C%5Cnb", want: `4a\\nb`},             // \\\n
		{form: "d=4a%5C%5Cb%5C", want: `4a\\b\`},              // other escapes stay
		{form: "d=%E2%82%AC", want: "€"},                      //
		{form: "d=4%E2%82", want: "4\uFFFD"},                  //
		{form: "d=4%zz%4", want: "4%zz%4"},                    // damaged escapes stay
		{form: "d=4=5", want: "4=5"},                          //
		{form: "d=4a;b", want: "4a;b"},                        //
		{form: "%64=4", want: "4"},                            //
		{form: "a=1&d=4&&b", want: "4"},                       //
		{form: "d", want: ""},                                 //
		{form: "d=%5C%64", want: `\d`},                        //
		{form: "", err: true},                                 //
		{form: "D=4", err: true},                              //
		{form: "dd=4", err: true},                             //
		{form: "d=4&d=4", err: true},                          // an array in Node
		{form: strings.Repeat("a&", 1000) + "d=4", err: true}, // 1000 fields are read
	} {
		got, err := eioproto.JSONPBody([]byte(c.form))
		if errors.Is(err, eioproto.ErrForm) != c.err || string(got) != c.want {
			t.Errorf("%.40q: %q, %v; want %q, error %t", c.form, got, err, c.want, c.err)
		}
	}
}

// SEC-34: only the digits of j reach the answer.
func TestAppendJSONP(t *testing.T) {
	for _, c := range []struct{ index, payload, want string }{
		{"0", "1:6", `___eio[0]("1:6");`},
		{"12", "4\"a\\\n\r\t\b\f\x01\x7f</script>", `___eio[12]("4\"a\\\n\r\t\b\f\u0001` + "\x7f" + `</script>");`},
		{"1;alert(2)", "é\u2028\u2029😀", `___eio[12]("é\u2028\u2029😀");`},
		{"", "\xff", `___eio[]("` + "\uFFFD" + `");`},
	} {
		if got := string(eioproto.AppendJSONP(nil, c.index, []byte(c.payload))); got != c.want {
			t.Errorf("%q: %s, want %s", c.payload, got, c.want)
		}
	}
}

func FuzzJSONPAnswer(f *testing.F) {
	f.Add("3", []byte("6:4hello"))
	f.Add("x9", []byte("\x00\u2028\"\\\xff\n"))
	f.Fuzz(func(t *testing.T, index string, payload []byte) {
		out := string(eioproto.AppendJSONP(nil, index, payload))
		i := strings.IndexByte(out, '(')
		if i < 0 || !strings.HasSuffix(out, ");") || strings.Trim(out[len("___eio["):i-1], "0123456789") != "" {
			t.Fatalf("%q", out)
		}
		var got string
		if err := json.Unmarshal([]byte(out[i+1:len(out)-2]), &got); err != nil {
			t.Fatal(err)
		}
		if want := string(eioproto.ToValidUTF8(payload)); got != want {
			t.Fatalf("%q, want %q", got, want)
		}
		if strings.ContainsAny(out, "\u2028\u2029\n") {
			t.Fatalf("%q is not a JavaScript string", out)
		}
	})
}

func FuzzJSONPBody(f *testing.F) {
	for _, seed := range []string{"", "6:4hello", "4a\nb\\n\\\\n", "%&=+ €", "\\"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, payload []byte) {
		if got, err := eioproto.JSONPBody(payload); err == nil && len(got) > 3*len(payload) {
			t.Fatalf("%d bytes out of %d", len(got), len(payload))
		}
		if strings.Contains(string(payload), "\\\n") {
			return // the format cannot tell this from `\` `\n`
		}
		got, err := eioproto.JSONPBody(eioproto.AppendJSONPBody([]byte("x=1&"), payload))
		if want := string(eioproto.ToValidUTF8(payload)); err != nil || string(got) != want {
			t.Fatalf("%q, %v; want %q", got, err, want)
		}
	})
}
