package virtualrequest

import (
	"net/http"
	"net/url"
	"path"
	"strings"
	"unicode/utf8"
)

// parseURL fills u with the path and query of the url a message asks for (VR-5,
// SEC-62..64) and returns 0, or the status that refuses it: 414 or 400 for what
// may not be, 404 for a url that can match no route. Only path and query ever
// reach u; an absolute URL is accepted when its host is ownHost. Escapes in the
// query are not looked at but for NUL: who reads a parameter takes what is no
// escape, such as "100%", as it is (VR-6).
func parseURL(u *url.URL, raw, ownHost string, limits *Limits) (status int) {
	if over(len(raw), limits.url()) {
		return http.StatusRequestURITooLong
	}
	query, hasQuery := "", false
	if isOrdinary(raw) {
		u.Path, query, hasQuery = strings.Cut(raw, "?")
	} else if query, hasQuery, status = parseOdd(u, raw, ownHost); status != 0 {
		return status
	}
	if strings.Count(query, "&") >= limits.params() && limits.params() >= 0 {
		return http.StatusBadRequest
	}
	if strings.Contains(query, "%00") {
		return http.StatusBadRequest
	}
	u.RawQuery = query
	u.ForceQuery = hasQuery && query == ""
	return 0
}

// isOrdinary is a quick test for urls that parseOdd would take as they are: a clean
// path that needs no decoding, and a query. It may say false for such urls.
func isOrdinary(raw string) bool {
	if raw == "" || raw[0] != '/' {
		return false
	}
	for i := 1; i < len(raw); i++ {
		switch c := raw[i]; {
		case c <= ' ' || c >= 0x7f || c == '#':
			return false
		case c == '?': // from here on everything but those is as good as another
			for _, c := range []byte(raw[i+1:]) {
				if c <= ' ' || c >= 0x7f || c == '#' {
					return false
				}
			}
			return true
		case c == '%' || c == '\\' || (c == '/' || c == '.') && raw[i-1] == '/':
			return false
		}
	}
	return true
}

// parseOdd sets u's path to that of any url, and returns its query.
func parseOdd(u *url.URL, raw, ownHost string) (query string, hasQuery bool, status int) {
	raw = strings.Trim(raw, " \t")
	if !isPlain(raw) {
		return "", false, http.StatusBadRequest
	}
	raw, _, _ = strings.Cut(raw, "#")
	raw = strings.ReplaceAll(raw, " ", "%20") // clients of Sails may forget to
	if raw, status = stripAuthority(raw, ownHost); status != 0 {
		return "", false, status
	}
	rawPath, query, hasQuery := strings.Cut(raw, "?")
	return query, hasQuery, setPath(u, rawPath)
}

// isPlain reports whether s has no control characters (SEC-63).
// Request.URL is UTF-8, so the C1 controls show as two bytes.
func isPlain(s string) bool {
	for i := range len(s) {
		c := s[i]
		if c < ' ' || c == 0x7f {
			return false
		}
		if c == 0xc2 && i+1 < len(s) && s[i+1] <= 0x9f {
			return false
		}
	}
	return utf8.ValidString(s)
}

// stripAuthority cuts scheme and host off an absolute URL.
func stripAuthority(raw, ownHost string) (rest string, status int) {
	if strings.HasPrefix(raw, "/") && !strings.HasPrefix(raw, "//") {
		return raw, 0
	}
	secure := false
	if scheme, after, ok := strings.Cut(raw, "://"); ok && isScheme(scheme) {
		switch strings.ToLower(scheme) {
		case "https", "wss":
			secure = true
		case "http", "ws":
		default:
			return "", http.StatusBadRequest
		}
		raw = after
	} else if strings.HasPrefix(raw, "//") {
		raw = raw[2:]
	} else {
		return "", http.StatusNotFound // VR-5
	}
	end := strings.IndexAny(raw, "/?")
	if end < 0 {
		end = len(raw)
	}
	host, rest := raw[:end], raw[end:]
	if host == "" || ownHost == "" || !sameHost(host, ownHost, secure) {
		return "", http.StatusBadRequest
	}
	if !strings.HasPrefix(rest, "/") {
		rest = "/" + rest
	}
	return rest, 0
}

func isScheme(s string) bool {
	for i := range len(s) {
		c := s[i] | 0x20
		if (c < 'a' || c > 'z') && (i == 0 || !strings.ContainsRune("0123456789+-.", rune(s[i]))) {
			return false
		}
	}
	return s != ""
}

// sameHost compares exactly but for letter case and the scheme's default port,
// so user information or a different port never passes.
func sameHost(host, own string, secure bool) bool {
	port := ":80"
	if secure {
		port = ":443"
	}
	return strings.EqualFold(strings.TrimSuffix(host, port), strings.TrimSuffix(own, port))
}

// setPath decodes rawPath once, cleans it and stores it. The encoded form is
// kept for routers that match on it, unless cleaning changed the path: then both
// forms are the clean one, so that no router sees a traversal (SEC-64).
func setPath(u *url.URL, rawPath string) (status int) {
	if strings.IndexByte(rawPath, '\\') >= 0 {
		return http.StatusBadRequest // browsers and some routers take it for a slash
	}
	decoded := rawPath
	if strings.IndexByte(rawPath, '%') >= 0 {
		var err error
		if decoded, err = url.PathUnescape(rawPath); err != nil {
			return statusBadEscape
		}
		if !utf8.ValidString(decoded) {
			return statusBadEscape
		}
		for i := range len(decoded) {
			if c := decoded[i]; c < ' ' || c == 0x7f {
				return http.StatusBadRequest
			}
		}
	}
	if clean := cleanPath(decoded); clean != decoded {
		u.Path = clean
		return 0
	}
	u.Path = decoded
	if len(decoded) != len(rawPath) {
		u.RawPath = rawPath
		if u.RawPath == (&url.URL{Path: decoded}).EscapedPath() {
			u.RawPath = ""
		}
	}
	return 0
}

// cleanPath removes empty and dot segments and keeps a trailing slash.
func cleanPath(p string) string {
	if isClean(p) {
		return p
	}
	clean := path.Clean(p)
	if clean != "/" && (strings.HasSuffix(p, "/") || strings.HasSuffix(p, "/.") || strings.HasSuffix(p, "/..")) {
		clean += "/"
	}
	return clean
}

// isClean is a quick test that may say false for clean paths.
func isClean(p string) bool {
	for i := 1; i < len(p); i++ {
		if p[i-1] == '/' && (p[i] == '/' || p[i] == '.') {
			return false
		}
	}
	return p != ""
}
