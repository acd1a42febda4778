package virtualrequest

import (
	"net/url"
	"testing"
)

// VR-5, SEC-62..64: what the quick test lets past is what the thorough way would have
// made of it.
func FuzzOrdinary(f *testing.F) {
	for _, s := range []string{
		"/", "/echo?a=1&text=hello", "/a/b/?", "/a//b", "//host/a", "/a/../b", "/a/.b", "/a.b/c", "/a\\b", "/a%20b?c=%00", "/a?b#c",
		"/a b", "/ą", "/a?ą", "/a?b//c/../d\\e", " /a", "", "?", "a", "http://app.example/a", "/a\x00", "/a?\x7f", "/a?b?c",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		if !isOrdinary(raw) {
			return
		}
		var quick, thorough url.URL
		limits := Limits{URL: -1, Params: -1}
		status := parseURL(&quick, raw, "app.example", &limits)
		query, hasQuery, refused := parseOdd(&thorough, raw, "app.example")
		if refused != 0 {
			t.Fatalf("%q: refused with %d", raw, refused)
		}
		thorough.RawQuery, thorough.ForceQuery = query, hasQuery && query == ""
		if status == 0 && quick != thorough {
			t.Fatalf("%q: %+v, want %+v", raw, quick, thorough)
		}
	})
}

func TestIsOrdinary(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]bool{
		"/": true, "/echo?a=1&text=hello": true, "/a/b.c/": true, "/a?b//c/../d": true, "/a?": true,
		"": false, "a": false, "//a": false, "/a//b": false, "/a/./b": false, "/a%62": false, "/a\\b": false,
		"/a#b": false, "/a?b#c": false, "/a b": false, "/a?ą": false, "/a?b\x00": false,
	} {
		if got := isOrdinary(raw); got != want {
			t.Errorf("isOrdinary(%q) = %v, want %v", raw, got, want)
		}
	}
}
