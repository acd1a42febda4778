package virtualrequest

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync/atomic"
)

// Origin is what every virtual request of one socket inherits from the
// socket's handshake: host, origin, cookies, remote address and TLS state. A
// message cannot change any of it (SEC-67). Make one per socket with NewOrigin;
// all methods may be called concurrently.
type Origin struct {
	handshake func() *http.Request // nil without one
	host      string
	address   string // the handshake's RemoteAddr
	tls       *tls.ConnectionState
	cookie    atomic.Pointer[string]
	origin    string // the handshake's Origin field, "" if it had none
	nosession bool
	ip        string
	ips       []string
}

// NewOrigin describes the socket opened by handshake, which is kept and must not
// be changed afterwards; see [Origin.RebuildHandshake]. Forwarding headers of the
// handshake count only as far as its sender and the proxies before it are in trusted
// (VR-20, VR-21, SEC-68); with none trusted the client is the TCP peer. A nil
// handshake is a socket without identity, for tests.
func NewOrigin(handshake *http.Request, trusted ...netip.Prefix) *Origin {
	if handshake == nil {
		return new(Origin)
	}
	o := &Origin{host: handshake.Host, address: handshake.RemoteAddr, tls: handshake.TLS}
	o.handshake = func() *http.Request { return handshake }
	if cookie := strings.Join(handshake.Header["Cookie"], "; "); cookie != "" {
		o.cookie.Store(&cookie)
	}
	o.origin = handshake.Header.Get("Origin")
	o.nosession = handshake.Header.Get("Nosession") != ""
	o.ip, o.ips = ClientIP(handshake, trusted)
	return o
}

// Handshake returns the request that opened the socket, nil if there was none; it
// must not be changed.
func (o *Origin) Handshake() *http.Request {
	if o.handshake == nil {
		return nil
	}
	return o.handshake()
}

// RebuildHandshake makes Handshake call fn, which may be called concurrently, and
// lets the request that NewOrigin got go: it is most of what a socket with requests
// holds, and hardly anybody asks for it. Call it before the Origin is used.
func (o *Origin) RebuildHandshake(fn func() *http.Request) { o.handshake = fn }

// Cookie returns the Cookie field that virtual requests get, "" for none.
func (o *Origin) Cookie() string {
	if c := o.cookie.Load(); c != nil {
		return *c
	}
	return ""
}

// SetCookie replaces the Cookie field of the virtual requests that start later;
// cookie has the form `name=value; name=value`. It is how a session made for a
// socket stays with it (CN-31, SU-5): cookies never reach the client over a
// socket.
func (o *Origin) SetCookie(cookie string) { o.cookie.Store(&cookie) }

// Remember makes the first of the Set-Cookie values of a response the socket's
// cookie if it has none yet (SE-10), and reports whether it did.
func (o *Origin) Remember(setCookie []string) bool {
	if len(setCookie) == 0 {
		return false
	}
	old := o.cookie.Load()
	if old != nil && *old != "" {
		return false
	}
	pair, _, _ := strings.Cut(setCookie[0], ";")
	pair = strings.TrimSpace(pair)
	return pair != "" && o.cookie.CompareAndSwap(old, &pair)
}

// IP returns the client's address: the handshake's TCP peer, or the left-most
// forwarded address up to which every proxy is trusted. It is "" without a
// handshake.
func (o *Origin) IP() string { return o.ip }

// IPs returns the trusted part of the forwarding chain, farthest first and
// without the TCP peer; empty, not nil, if the peer is not a trusted proxy.
func (o *Origin) IPs() []string { return append([]string{}, o.ips...) }

// maxForwarded bounds the forwarding chain that is looked at.
const maxForwarded = 64

// ClientIP returns the address of the client that sent the HTTP request r and
// the forwarding chain to it, as [Origin.IP] and [Origin.IPs] describe.
func ClientIP(r *http.Request, trusted []netip.Prefix) (ip string, ips []string) {
	ip = r.RemoteAddr
	if host, _, err := net.SplitHostPort(ip); err == nil {
		ip = host
	}
	ips = []string{}
	if len(trusted) == 0 {
		return ip, ips
	}
	chain := strings.Join(r.Header["X-Forwarded-For"], ",")
	for len(ips) < maxForwarded && chain != "" && isTrusted(ip, trusted) {
		last := strings.LastIndexByte(chain, ',')
		hop := strings.TrimSpace(chain[last+1:])
		chain = chain[:max(last, 0)]
		if addr, err := netip.ParseAddr(hop); err != nil || addr.Zone() != "" {
			break // not an address: nothing beyond it can be believed
		}
		ip = hop
		ips = append(ips, hop)
	}
	slices.Reverse(ips)
	return ip, ips
}

func isTrusted(ip string, trusted []netip.Prefix) bool {
	addr, err := netip.ParseAddr(ip)
	if err != nil {
		return false
	}
	addr = addr.WithZone("").Unmap()
	for _, p := range trusted {
		if p.Contains(addr) {
			return true
		}
	}
	return false
}

// ParseProxies reads a list of trusted proxies: addresses, CIDR prefixes, or
// the names loopback, linklocal, uniquelocal (as Express knows them) and all.
func ParseProxies(list ...string) ([]netip.Prefix, error) {
	named := map[string][]string{
		"loopback":    {"127.0.0.1/8", "::1/128"},
		"linklocal":   {"169.254.0.0/16", "fe80::/10"},
		"uniquelocal": {"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"},
		"all":         {"0.0.0.0/0", "::/0"},
	}
	var out []netip.Prefix
	for _, entry := range list {
		entry = strings.TrimSpace(entry)
		texts, known := named[entry]
		if !known {
			texts = []string{entry}
		}
		for _, text := range texts {
			p, err := parsePrefix(text)
			if err != nil {
				return nil, fmt.Errorf("virtualrequest: trusted proxy %q: want an address, a prefix like 10.0.0.0/8, loopback, linklocal, uniquelocal or all: %w", entry, err)
			}
			out = append(out, p)
		}
	}
	return out, nil
}

var errZone = errors.New("zones are not allowed")

func parsePrefix(text string) (netip.Prefix, error) {
	if strings.Contains(text, "/") {
		p, err := netip.ParsePrefix(text)
		if err != nil {
			return p, err
		}
		if p.Addr().Is4In6() && p.Bits() >= 96 {
			p = netip.PrefixFrom(p.Addr().Unmap(), p.Bits()-96)
		}
		return p.Masked(), nil
	}
	addr, err := netip.ParseAddr(text)
	if err != nil {
		return netip.Prefix{}, err
	}
	if addr.Zone() != "" {
		return netip.Prefix{}, errZone
	}
	addr = addr.Unmap()
	return netip.PrefixFrom(addr, addr.BitLen()), nil
}
