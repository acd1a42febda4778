package direct

import (
	"bytes"
	"net/http"
	"net/textproto"
	"strconv"
	"strings"
)

// maxHead is how large a head is read here; a larger one is net/http's to judge.
const maxHead = 16 << 10

// maxLines is how many header lines are read here.
const maxLines = 64

// head is what a request says before its body.
type head struct {
	method, target, query, host string
	header                      http.Header
	contentLength               int64 // of a POST; else 0
	close                       bool  // the connection ends with this request
}

// finding is what there is to say about the bytes at the start of a request.
type finding uint8

const (
	incomplete finding = iota // so far it could be ours
	foreign                   // it is net/http's
	complete                  // the head is all there
)

// prefixes are the ways in which a request for path may begin. Everything else is
// foreign, beginning with its first byte that differs.
func prefixes(path string) []string {
	return []string{"GET " + path + "?", "POST " + path + "?", "OPTIONS " + path + "?"}
}

// look searches the head of a request in b, of which the first seen bytes have been
// looked at before; size is that of a complete one. Time is linear in what is new.
func look(b []byte, seen int, prefixes []string) (size int, f finding) {
	if !begins(b, prefixes) {
		return 0, foreign
	}
	for i := seen; ; i++ {
		next := bytes.IndexByte(b[i:], '\n')
		if next < 0 {
			break
		}
		i += next
		if i < 1 || b[i-1] != '\r' {
			return 0, foreign
		}
		if i >= 3 && b[i-2] == '\n' {
			if i >= maxHead {
				return 0, foreign
			}
			return i + 1, complete
		}
	}
	if len(b) >= maxHead {
		return 0, foreign
	}
	return 0, incomplete
}

func begins(b []byte, prefixes []string) bool {
	for _, p := range prefixes {
		if n := min(len(p), len(b)); string(b[:n]) == p[:n] {
			return true
		}
	}
	return false
}

// parse reads a complete head. It accepts a strict subset of what net/http does, in
// which nothing has two meanings: one Host, no body but that of a POST with one
// plain Content-Length, no obsolete or extended syntax. false means foreign.
func parse(s string) (h head, ok bool) {
	line, rest, ok := cutLine(s)
	if !ok || !h.requestLine(line) {
		return h, false
	}
	lines := strings.Count(rest, "\n") - 1
	if lines < 1 || lines > maxLines {
		return h, false
	}
	h.header = make(http.Header, lines)
	values := make([]string, 0, lines)
	length, upgrade := "", ""
	for {
		line, rest, ok = cutLine(rest)
		if !ok {
			return h, false
		}
		if line == "" {
			break
		}
		name, value, ok := field(line)
		if !ok {
			return h, false
		}
		switch name {
		case "Host":
			if h.host != "" || !plainHost(value) {
				return h, false
			}
			h.host = value
			continue
		case "Content-Length":
			if length != "" || value == "" {
				return h, false
			}
			length = value
		case "Upgrade":
			if upgrade != "" || !strings.EqualFold(value, "websocket") || !isASCII(value) {
				return h, false
			}
			upgrade = value
		case "Connection":
			if !h.connection(value) {
				return h, false
			}
		case "Transfer-Encoding", "Expect", "Trailer", "Http2-Settings":
			return h, false
		}
		values = append(values, value)
		if n := len(values); h.header[name] == nil {
			h.header[name] = values[n-1 : n : n]
		} else {
			h.header[name] = append(h.header[name], value)
		}
	}
	if rest != "" || h.host == "" {
		return h, false
	}
	if p := h.header["Pragma"]; len(p) > 0 && p[0] == "no-cache" && h.header["Cache-Control"] == nil {
		h.header["Cache-Control"] = []string{"no-cache"} // as net/http has it
	}
	return h, h.body(length, upgrade)
}

// requestLine reads "GET /socket.io/?EIO=4 HTTP/1.1", whose beginning was looked at.
func (h *head) requestLine(line string) bool {
	method, rest, ok := strings.Cut(line, " ")
	target, version, ok2 := strings.Cut(rest, " ")
	if !ok || !ok2 || version != "HTTP/1.1" {
		return false
	}
	for i := range len(target) {
		if c := target[i]; c <= ' ' || c >= 0x7f || c == '#' {
			return false
		}
	}
	path, query, ok := strings.Cut(target, "?")
	if !ok || path == "" || query == "" {
		return false
	}
	h.method, h.target, h.query = method, target, query
	return true
}

// cutLine takes a line that ends with CR LF.
func cutLine(s string) (line, rest string, ok bool) {
	line, rest, ok = strings.Cut(s, "\n")
	if !ok || line == "" || line[len(line)-1] != '\r' {
		return "", "", false
	}
	return line[:len(line)-1], rest, true
}

// field takes a header line apart; name is in its canonical form.
func field(line string) (name, value string, ok bool) {
	name, value, ok = strings.Cut(line, ":")
	if !ok || name == "" {
		return "", "", false
	}
	for i := range len(name) {
		if c := name[i]; c >= 0x7f || !nameBytes[c] {
			return "", "", false
		}
	}
	value = strings.Trim(value, " \t")
	for i := range len(value) {
		if c := value[i]; c < ' ' && c != '\t' || c >= 0x7f {
			return "", "", false
		}
	}
	return textproto.CanonicalMIMEHeaderKey(name), value, true
}

// nameBytes are those of a token (RFC 9110 5.6.2).
var nameBytes = func() (set [0x7f]bool) {
	for c := range set {
		set[c] = 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' ||
			c > ' ' && strings.IndexByte("!#$%&'*+-.^_`|~", byte(c)) >= 0
	}
	return set
}()

// plainHost accepts names, addresses and ports.
func plainHost(s string) bool {
	for i := range len(s) {
		c := s[i]
		if !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte(".-_:[]", c) >= 0) {
			return false
		}
	}
	return s != ""
}

// connection reads one Connection line; the options of others are not ours.
func (h *head) connection(value string) bool {
	for option := range strings.SplitSeq(value, ",") {
		option = strings.Trim(option, " \t")
		switch {
		case !isASCII(option):
			return false
		case strings.EqualFold(option, "close"):
			h.close = true
		case strings.EqualFold(option, "keep-alive"), strings.EqualFold(option, "upgrade"):
		default:
			return false
		}
	}
	return true
}

// body settles what follows the head.
func (h *head) body(length, upgrade string) bool {
	if h.method != http.MethodPost {
		return length == ""
	}
	if upgrade != "" || length == "" || len(length) > 12 || len(length) > 1 && length[0] == '0' {
		return false
	}
	for i := range len(length) {
		if c := length[i]; c < '0' || c > '9' {
			return false
		}
	}
	n, err := strconv.ParseInt(length, 10, 64)
	h.contentLength = n
	return err == nil
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}
