package sailsio

import (
	"net/http"
	"strings"

	"github.com/go-sails/sails/virtualrequest"
)

// cookiePath is where sails.io.js of another origin gets its session cookie, with
// a script tag, before it connects (CN-50).
const cookiePath = "/__getcookie"

const cookieScript = "_sailsIoJSConnect();"

// cookieETag is what Express makes of the script (CN-52).
const cookieETag = `W/"14-8OpwRwGZqmi5Pupmwxqgc/0T4oM"`

// grantCookie answers GET /__getcookie where next does not: the user's routes come
// first. The cookie itself is set by the session middleware around it. With old the
// content type is that of Sails 0.12: an HTML page, over sockets none.
func grantCookie(next http.Handler, old bool) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.EqualFold(strings.TrimSuffix(r.URL.Path, "/"), cookiePath) { // VR-8
			next.ServeHTTP(w, r)
			return
		}
		switch r.Method {
		case http.MethodGet, http.MethodHead, http.MethodOptions:
		default:
			next.ServeHTTP(w, r)
			return
		}
		probe := &missProbe{ResponseWriter: w, kept: http.Header{}}
		next.ServeHTTP(probe, r)
		probe.WriteHeader(http.StatusOK) // what net/http does for a handler that wrote nothing
		if !probe.missed {
			return
		}
		if r.Method == http.MethodOptions {
			w.Header().Set("Allow", "GET,HEAD,PUT,POST,DELETE,PATCH") // CN-54
			w.WriteHeader(http.StatusOK)
			return
		}
		mime := "application/javascript; charset=utf-8"
		_, virtual := virtualrequest.FromContext(r.Context())
		if virtual {
			mime = "application/javascript" // CN-55
		}
		if old {
			mime = "text/html; charset=utf-8"
		}
		if !old || !virtual {
			w.Header().Set("Content-Type", mime)
		}
		if !virtual {
			w.Header().Set("Etag", cookieETag)
			if known := r.Header.Get("If-None-Match"); strings.Contains(known, cookieETag) || known == "*" {
				w.Header().Del("Content-Type")
				w.WriteHeader(http.StatusNotModified) // with the session's cookie all the same
				return
			}
		}
		if r.Method == http.MethodHead && !virtual { // RS-30: over a socket HEAD has a body
			w.Header().Set("Content-Length", "20")
			return
		}
		_, _ = w.Write([]byte(cookieScript)) // the client may have gone
	})
}

// missProbe is a ResponseWriter that swallows an answer saying that there is no
// such page. Until that is known, fields are set on a header of its own. It has no
// Unwrap: what reached the writer below would be an answer.
type missProbe struct {
	http.ResponseWriter
	kept    http.Header
	decided bool
	missed  bool
}

func (p *missProbe) Header() http.Header {
	if p.decided && !p.missed {
		return p.ResponseWriter.Header()
	}
	return p.kept
}

func (p *missProbe) WriteHeader(status int) {
	if p.decided {
		return
	}
	if status >= 100 && status < 200 {
		return
	}
	p.decided = true
	p.missed = status == http.StatusNotFound || status == http.StatusMethodNotAllowed
	header := p.ResponseWriter.Header()
	for name, values := range p.kept {
		if !p.missed || !aboutTheAnswer(name) {
			header[name] = values
		}
	}
	if !p.missed {
		p.ResponseWriter.WriteHeader(status)
	}
}

// aboutTheAnswer tells the fields that go with the swallowed answer. Others, of CORS
// for example, hold for what is answered instead (CN-53).
func aboutTheAnswer(name string) bool {
	switch name = strings.ToLower(name); name {
	case "allow", "etag", "last-modified", "x-content-type-options":
		return true
	}
	return strings.HasPrefix(name, "content-")
}

func (p *missProbe) Write(b []byte) (int, error) {
	p.WriteHeader(http.StatusOK)
	if p.missed {
		return len(b), nil
	}
	return p.ResponseWriter.Write(b)
}
