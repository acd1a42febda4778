package manifest_test

import (
	"testing"

	"github.com/go-sails/sails/sailsio/manifest"
)

// What the expressions match in Node 20, and what they do not.
func TestPattern(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		source, flags string
		yes, no       []string
	}{
		{`^[a-z0-9-]+$`, "", []string{"a-1"}, []string{"A", "a\n"}},
		{`^[A-Z]{3}$`, "i", []string{"abc"}, []string{"ab"}},
		{`^a.b$`, "", []string{"a b"}, []string{"a\nb", "a\rb", "a\u2028b"}},
		{`^a.b$`, "s", []string{"a\nb"}, nil},
		{`^\s$`, "", []string{"\u00a0", " ", "\ufeff", "\v"}, []string{"x", "\u200b"}},
		{`^\S$`, "", []string{"x"}, []string{"\u00a0"}},
		{`^[\s_]$`, "", []string{"\u3000", "_"}, []string{"x"}},
		{`^[a\-z]$`, "", []string{"-", "a"}, []string{"m"}},
		{`^[[:alpha:]]$`, "", []string{":]", "a]"}, []string{"z", "b]"}},
		{`^[\b]$`, "", []string{"\b"}, []string{"b"}},
		{`^\u0041\x42\u{43}$`, "u", []string{"ABC"}, []string{"abc"}},
		{`^[^]$`, "", []string{"\n", "x"}, []string{""}},
		{`^(?<year>\d{4})\/(?:\d\d)$`, "", []string{"2026/11"}, []string{"26/11"}},
		{`^\0$`, "", []string{"\x00"}, []string{"0"}},
		{`^\.\*\+é$`, "gy", []string{".*+é"}, []string{"a"}},
		{`^\w+\b`, "", []string{"word"}, []string{"é"}},
	} {
		re, err := manifest.Pattern(c.source, c.flags)
		if err != nil {
			t.Errorf("/%s/%s: %v", c.source, c.flags, err)
			continue
		}
		for _, s := range c.yes {
			if !re.MatchString(s) {
				t.Errorf("/%s/%s (%s) does not match %q", c.source, c.flags, re, s)
			}
		}
		for _, s := range c.no {
			if re.MatchString(s) {
				t.Errorf("/%s/%s (%s) matches %q", c.source, c.flags, re, s)
			}
		}
	}
	for _, source := range []string{
		`(?=a)`, `(?!a)`, `(?<=a)`, `(?<!a)`, `(a)\1`, `\k<a>`, `\p{L}`, `\A`, `\z`, `\Qa\E`, `[]`, `[\S]`, `\`, `\x4`, `\u12`, `\uD800`, `\u{zz`, `(`, `a{2000}`, `\xzz`, "\xff",
	} {
		if re, err := manifest.Pattern(source, ""); err == nil {
			t.Errorf("/%s/ became %s", source, re)
		}
	}
	for _, flags := range []string{"m", "v", "q"} {
		if _, err := manifest.Pattern("a", flags); err == nil {
			t.Errorf("flag %s was accepted", flags)
		}
	}
	if _, err := manifest.Pattern(`\u{zz}`, "u"); err == nil {
		t.Error("an escape without digits was accepted")
	}
	if _, err := manifest.Pattern(string(make([]byte, 20_000)), ""); err == nil {
		t.Error("an endless expression was accepted")
	}
}

func FuzzPattern(f *testing.F) {
	for _, seed := range []string{`^[a-z0-9-]+$`, `\u{41}`, `[\s\-]`, `(?<a>x)`, `a{1,3}?`, `[^]`, `\`} {
		f.Add(seed, "u", "text")
	}
	f.Fuzz(func(_ *testing.T, source, flags, text string) {
		if re, err := manifest.Pattern(source, flags); err == nil {
			re.MatchString(text)
		}
	})
}
