package route

import (
	"net/http"
	"net/url"
	"strings"
)

// Tolerant makes a router that is strict about paths as lenient as Sails (VR-8).
// templates are the paths it knows, with parameters as ":name" or "{name}" or
// "{name:pattern}" (the whole segment). A request whose path fits a template in
// another letter case, or but for one trailing slash, reaches h with the
// template's spelling; parameters keep theirs. Other requests reach h
// unchanged. With gorilla/mux the templates come from Router.Walk and
// Route.GetPathTemplate.
func Tolerant(h http.Handler, templates ...string) http.Handler {
	t := &template{}
	for _, path := range templates {
		t.insert(path)
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		path := r.URL.EscapedPath()
		if spelled, ok := t.respell(path); ok && spelled != path {
			if plain, err := url.PathUnescape(spelled); err == nil {
				u := *r.URL
				u.Path, u.RawPath = plain, spelled
				r2 := *r
				r2.URL = &u
				r = &r2
			}
		}
		h.ServeHTTP(w, r)
	})
}

// template is a tree of path segments; children are found in lower case.
type template struct {
	literal map[string]*template
	param   *template
	spelled string // the segment as its template has it
	ends    bool
	slash   bool // the template ends in a slash
}

func (t *template) insert(path string) {
	path, ok := strings.CutPrefix(path, "/")
	if !ok {
		return
	}
	if path == "" {
		t.ends = true
		return
	}
	rest, slash := strings.CutSuffix(path, "/")
	for part := range splitSegments(rest) {
		if strings.HasPrefix(part, ":") || strings.HasPrefix(part, "{") && strings.HasSuffix(part, "}") {
			if t.param == nil {
				t.param = &template{}
			}
			t = t.param
			continue
		}
		part = (&url.URL{Path: part}).EscapedPath()
		if t.literal == nil {
			t.literal = map[string]*template{}
		}
		child := t.literal[lower(part)]
		if child == nil {
			child = &template{spelled: part}
			t.literal[lower(part)] = child
		}
		t = child
	}
	t.ends, t.slash = true, slash
}

// splitSegments splits at slashes outside of braces: a pattern may hold some.
func splitSegments(path string) func(func(string) bool) {
	return func(yield func(string) bool) {
		depth, start := 0, 0
		for i := range len(path) {
			switch path[i] {
			case '{':
				depth++
			case '}':
				depth--
			case '/':
				if depth <= 0 {
					if !yield(path[start:i]) {
						return
					}
					start = i + 1
				}
			}
		}
		yield(path[start:])
	}
}

// respell returns path as its template spells it, and whether one fits.
func (t *template) respell(path string) (string, bool) {
	if !strings.HasPrefix(path, "/") || path == "/" {
		return "", false
	}
	trimmed, _ := strings.CutSuffix(path[1:], "/")
	var out []string
	if !t.walk(strings.Split(trimmed, "/"), &out) {
		return "", false
	}
	return strings.Join(out, ""), true
}

// walk is as deep as the tree at most.
func (t *template) walk(parts []string, out *[]string) bool {
	if len(parts) == 0 {
		if t.ends && t.slash {
			*out = append(*out, "/")
		}
		return t.ends
	}
	at := len(*out)
	if child := t.literal[lower(parts[0])]; child != nil {
		*out = append(*out, "/", child.spelled)
		if child.walk(parts[1:], out) {
			return true
		}
		*out = (*out)[:at]
	}
	if t.param != nil && parts[0] != "" {
		*out = append(*out, "/", parts[0])
		if t.param.walk(parts[1:], out) {
			return true
		}
		*out = (*out)[:at]
	}
	return false
}
