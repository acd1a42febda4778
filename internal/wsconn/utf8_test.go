package wsconn_test

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/go-sails/sails/internal/wsconn"
)

var validText = []string{
	"", "Hello-µ@ßöäüàá-UTF-8!!", "κόσμε", "\x00", "\u007f", "\u0080", "\u07ff", "\u0800", "\ud7ff", "\ue000", "\uffff", "\ufffe", "\U00010000", "\U0010ffff", "a😀b😀", "\ufdd0",
	strings.Repeat("€", 3000), strings.Repeat("x", 31) + "😀" + strings.Repeat("y", 40),
}

var invalidText = []string{
	"\x80", "\xbf", "\x80\xbf\x80", "\xc0\x80", "\xc0\xaf", "\xc1\xbf", "\xe0\x80\xaf", "\xe0\x9f\xbf", "\xf0\x80\x80\xaf", "\xf0\x8f\xbf\xbf", // overlong
	"\xed\xa0\x80", "\xed\xad\xbf", "\xed\xbf\xbf", "\xed\xa0\xbd\xed\xb8\x80", // surrogates
	"\xf4\x90\x80\x80", "\xf7\xbf\xbf\xbf", "\xf8\x88\x80\x80\x80", "\xfb\xbf\xbf\xbf\xbf", "\xfc\x84\x80\x80\x80\x80", "\xfe", "\xff", "\xfe\xfe\xff\xff", // over U+10FFFF
	"\xc2", "\xe2\x82", "\xf0\x9f\x98", "\xe2\x28\xa1", "\xf0\x28\x8c\xbc", "\xc2\xc2\x80", "\xe2\x82\x41", // cut or interrupted
	"κόσμε\xed\xa0\x80edited", "κόσμε\xf4\x90\x80\x80edited", strings.Repeat("x", 5000) + "\xff" + strings.Repeat("x", 5000),
}

// Section 6 and SEC-20: texts in one frame, in two cut anywhere, in one frame per
// byte with pings between; valid and not.
func TestDecode_UTF8(t *testing.T) {
	c := fromClient
	for i, s := range append(append([]string{}, validText...), invalidText...) {
		want := []string{q("text", s)}
		if i >= len(validText) {
			want = []string{refused(1007)}
		}
		cases := []decodeCase{{fmt.Sprint(i, " whole"), c.frame(fin|text, s), want}}
		for cut := 0; cut <= len(s) && len(s) < 100; cut++ {
			cases = append(cases, decodeCase{fmt.Sprint(i, " cut at ", cut), cat(c.frame(text, s[:cut]), c.frame(cont, ""), c.frame(fin|cont, s[cut:])), want})
		}
		if len(s) < 100 {
			input := c.frame(text, "")
			for j := range len(s) {
				input = append(input, c.frame(cont, s[j:j+1])...)
			}
			cases = append(cases, decodeCase{fmt.Sprint(i, " frame per byte"), append(input, c.frame(fin|cont, "")...), want})
		}
		checkAll(t, server, cases)
	}
}

// Section 6.4: text that cannot become valid is refused before its frame is
// complete; text that can is not.
func TestDecode_UTF8FailsFast(t *testing.T) {
	c := fromClient
	for i, s := range invalidText {
		bad := 0 // bytes after which no continuation can help
		for bad < len(s) && (utf8.ValidString(s[:bad]) || incomplete(s[:bad])) {
			bad++
		}
		if utf8.ValidString(s[:bad]) || incomplete(s[:bad]) {
			continue // merely cut
		}
		input := c.frame(fin|text, s+"....")
		header := len(input) - len(s) - 4
		var d wsconn.Decoder
		if got := feed(&d, input[:header+bad-1], func() int { return 1 }); len(got) != 0 {
			t.Errorf("%d: too early: %q", i, got)
		}
		if got := feed(&d, input[header+bad-1:header+bad], func() int { return 1 }); len(got) == 0 {
			t.Errorf("%d: not refused at its first bad byte", i)
		}
	}
}

// incomplete reports whether s is valid but for a character cut at its end.
func incomplete(s string) bool {
	for back := 1; back <= 3 && back <= len(s); back++ {
		if utf8.RuneStart(s[len(s)-back]) {
			return utf8.ValidString(s[:len(s)-back]) && !utf8.FullRuneInString(s[len(s)-back:])
		}
	}
	return false
}

func TestValidPrefix(t *testing.T) {
	for _, s := range validText {
		for cut := range len(s) + 1 {
			n, ok := wsconn.ValidPrefix([]byte(s[:cut]))
			if !ok || cut-n > 3 || !utf8.ValidString(s[:n]) {
				t.Fatalf("%.40q cut at %d: %d, %v", s, cut, n, ok)
			}
		}
	}
}
