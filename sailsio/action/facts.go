package action

import (
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"

	"github.com/go-sails/sails/virtualrequest"
)

// IsSocket reports whether r came over a socket (req.isSocket).
func IsSocket(r *http.Request) bool {
	_, ok := virtualrequest.FromContext(r.Context())
	return ok
}

// Protocol returns "ws" over a socket, TLS or not, else "http" or "https"
// (req.protocol). A trusted proxy may say which by X-Forwarded-Proto.
func Protocol(r *http.Request) string {
	if IsSocket(r) {
		return "ws"
	}
	if p := forwarded(r, "X-Forwarded-Proto"); p != "" {
		return strings.ToLower(p)
	}
	if r.TLS != nil {
		return "https"
	}
	return "http"
}

// URL returns the request's url as sent (req.url): over a socket the message's.
func URL(r *http.Request) string {
	if v, ok := virtualrequest.FromContext(r.Context()); ok {
		return v.URL
	}
	return r.RequestURI
}

// Path returns the path of the url, still encoded (req.path): over a socket as
// the client spelled it, unless that had to be cleaned (SEC-64).
func Path(r *http.Request) string {
	path := r.URL.EscapedPath()
	v, ok := virtualrequest.FromContext(r.Context())
	if !ok || path == v.URL {
		return path
	}
	sent, _, _ := strings.Cut(strings.TrimSpace(v.URL), "?")
	sent, _, _ = strings.Cut(sent, "#")
	if !strings.HasPrefix(sent, "/") {
		return path
	}
	if decoded, err := url.PathUnescape(sent); err != nil || decoded != r.URL.Path {
		return path
	}
	return nodeEscapes.Replace(sent)
}

// nodeEscapes is what Node's url.parse escapes of a path; other characters stay.
var nodeEscapes = strings.NewReplacer(" ", "%20", `"`, "%22", "<", "%3C", ">", "%3E", "`", "%60", "{", "%7B", "}", "%7D", "|", "%7C", "^", "%5E", "'", "%27")

// IP returns the client's address (req.ip). Over a socket it comes from the
// handshake (VR-20).
func IP(r *http.Request) string {
	ip, _ := client(r)
	return ip
}

// IPs returns the trusted part of the forwarding chain, farthest first (req.ips).
func IPs(r *http.Request) []string {
	_, ips := client(r)
	return ips
}

func client(r *http.Request) (string, []string) {
	if v, ok := virtualrequest.FromContext(r.Context()); ok {
		return v.Origin().IP(), v.Origin().IPs()
	}
	return virtualrequest.ClientIP(r, config(r).TrustedProxies)
}

// Port returns the port the client asked for (req.port): that of the Host
// header, else 443 for https and 80. Over a socket it is always 80: Sails does
// not take the handshake's host for it (VR-22).
func Port(r *http.Request) int {
	if IsSocket(r) {
		return 80
	}
	if _, text, err := net.SplitHostPort(host(r)); err == nil {
		if port, err := strconv.ParseUint(text, 10, 16); err == nil && port > 0 {
			return int(port)
		}
	}
	if Protocol(r) == "https" {
		return 443
	}
	return 80
}

// BaseURL returns protocol and host (req.baseUrl), like
// "https://example.com:8443". Over a socket the host is the handshake's.
func BaseURL(r *http.Request) string {
	h := host(r)
	if h == "" {
		h = "could.not.determine.host"
	}
	return Protocol(r) + "://" + h
}

// host is the Host header, or what a trusted proxy says it was.
func host(r *http.Request) string {
	if !IsSocket(r) {
		if h := forwarded(r, "X-Forwarded-Host"); h != "" {
			return h
		}
	}
	return r.Host
}

// forwarded returns the first entry of a forwarding header of a plain request,
// "" if its sender is no trusted proxy.
func forwarded(r *http.Request, name string) string {
	proxies := config(r).TrustedProxies
	list := r.Header.Get(name)
	if list == "" || len(proxies) == 0 {
		return ""
	}
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return ""
	}
	addr := peer.Addr().WithZone("").Unmap()
	for _, p := range proxies {
		if p.Contains(addr) {
			first, _, _ := strings.Cut(list, ",")
			return strings.TrimSpace(first)
		}
	}
	return ""
}

// WantsJSON reports whether the client would rather have JSON than an HTML page
// (req.wantsJSON): always over a socket.
func WantsJSON(r *http.Request) bool {
	if IsSocket(r) || strings.EqualFold(r.Header.Get("X-Requested-With"), "XMLHttpRequest") {
		return true
	}
	accept := strings.Join(r.Header["Accept"], ",")
	if !strings.Contains(accept, "html") {
		return true
	}
	contentType, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";")
	hasBody := r.ContentLength != 0
	return hasBody && strings.EqualFold(strings.TrimSpace(contentType), "application/json")
}

// Headers returns the request's headers as req.headers has them: names in lower
// case, over a socket also as the client spelled them (VR-32), one string each.
func Headers(r *http.Request) map[string]string {
	if v, ok := virtualrequest.FromContext(r.Context()); ok {
		return v.SailsHeader()
	}
	out := make(map[string]string, len(r.Header)+1)
	for name, values := range r.Header {
		separator := ", "
		if name == "Cookie" {
			separator = "; "
		}
		out[strings.ToLower(name)] = strings.Join(values, separator)
	}
	if r.Host != "" {
		out["host"] = r.Host
	}
	return out
}
