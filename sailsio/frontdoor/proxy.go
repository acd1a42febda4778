package frontdoor

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httputil"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/go-sails/sails/sailsio/action"
	"github.com/go-sails/sails/virtualrequest"
)

// Config configures a Proxy. For numbers and durations zero is the default.
type Config struct {
	// Target is the other server, "http://127.0.0.1:1338": scheme, host and perhaps a
	// path that is put before all others. Required.
	Target string
	// Transport makes the requests. Nil is one with the limits below.
	Transport http.RoundTripper
	// Timeout bounds the wait for the beginning of an answer. Default 30 s, negative
	// is no bound.
	Timeout time.Duration
	// MaxInFlight bounds the requests under way to the other server; beyond it
	// requests are answered with 503. Default 1,000.
	MaxInFlight int
	// MaxAnswer bounds the body of an answer to a virtual request, in bytes, which is
	// held in memory. Default 16,000,000.
	MaxAnswer int64
	// TrustProxies are the proxies in front of this server whose X-Forwarded-For
	// counts for plain requests; see virtualrequest.ParseProxies. Sockets have their
	// client's address already.
	TrustProxies []netip.Prefix
	// Logger hears about a server that does not answer; nil discards.
	Logger *slog.Logger
}

// Proxy hands requests to another server. It is safe for concurrent use.
type Proxy struct {
	cfg       Config
	target    *url.URL
	plain     *httputil.ReverseProxy
	transport http.RoundTripper
	own       *http.Transport // nil when the Config had one
	slots     chan struct{}
	cookies   sync.Mutex // while cookies of a socket change
	log       *slog.Logger
}

// New checks the configuration. It does not connect.
func New(cfg Config) (*Proxy, error) {
	u, err := url.Parse(cfg.Target)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil {
		return nil, fmt.Errorf("frontdoor: target %q: give http://host:port", cfg.Target)
	}
	if cfg.MaxInFlight < 0 || cfg.MaxAnswer < 0 {
		return nil, errors.New("frontdoor: Config.MaxInFlight and MaxAnswer cannot be off")
	}
	if cfg.MaxInFlight == 0 {
		cfg.MaxInFlight = 1000
	}
	if cfg.MaxAnswer == 0 {
		cfg.MaxAnswer = 16_000_000
	}
	if cfg.Timeout == 0 {
		cfg.Timeout = 30 * time.Second
	}
	p := &Proxy{cfg: cfg, target: u, transport: cfg.Transport, slots: make(chan struct{}, cfg.MaxInFlight), log: cfg.Logger}
	if p.log == nil {
		p.log = slog.New(slog.DiscardHandler)
	}
	if p.transport == nil {
		p.own = &http.Transport{
			DialContext:         (&net.Dialer{Timeout: 5 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
			TLSHandshakeTimeout: 5 * time.Second, MaxIdleConnsPerHost: 64, IdleConnTimeout: 30 * time.Second,
			ResponseHeaderTimeout: max(cfg.Timeout, 0), DisableCompression: true,
		}
		p.transport = p.own
	}
	p.plain = &httputil.ReverseProxy{
		Rewrite:        p.rewrite,
		Transport:      p.transport,
		ModifyResponse: replaceHeaders,
		ErrorHandler:   p.unreachable,
		ErrorLog:       slog.NewLogLogger(p.log.Handler(), slog.LevelDebug),
	}
	return p, nil
}

// Close closes the connections that are idle.
func (p *Proxy) Close() {
	if p.own != nil {
		p.own.CloseIdleConnections()
	}
}

// ServeHTTP hands r on and its answer back. 502 means that the other server does not
// answer, 503 that too many requests wait for it, 504 that it took too long.
func (p *Proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	select {
	case p.slots <- struct{}{}:
		defer func() { <-p.slots }()
	default:
		p.log.Warn("too many requests wait for the other server", "target", p.target.Host)
		action.SendStatus(w, r, http.StatusServiceUnavailable)
		return
	}
	if v, virtual := virtualrequest.FromContext(r.Context()); virtual {
		p.serveVirtual(w, r, v)
		return
	}
	p.plain.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), answerKey{}, w.Header())))
}

// rewrite makes the request for the other server. It sees the host the client asked
// for, and the client's address in X-Forwarded-For; what the client itself claimed
// about that is gone (SEC-68).
func (p *Proxy) rewrite(pr *httputil.ProxyRequest) {
	pr.SetURL(p.target)
	pr.Out.Host = pr.In.Host
	ip, _ := virtualrequest.ClientIP(pr.In, p.cfg.TrustProxies)
	p.identify(pr.Out.Header, ip, action.Protocol(pr.In), pr.In.Host)
}

func (p *Proxy) identify(h http.Header, ip, protocol, host string) {
	h.Del("Forwarded")
	h.Del("X-Real-Ip")
	h.Set("X-Forwarded-For", ip)
	h.Set("X-Forwarded-Proto", protocol)
	h.Set("X-Forwarded-Host", host)
}

type answerKey struct{}

// replaceHeaders takes away what this server set before, where the other one has set
// the same: two values for one CORS header would be none. Cookies add up.
func replaceHeaders(res *http.Response) error {
	ours, _ := res.Request.Context().Value(answerKey{}).(http.Header)
	for name := range res.Header {
		if name == "Set-Cookie" {
			continue
		}
		for own := range ours {
			if strings.EqualFold(own, name) {
				delete(ours, own)
			}
		}
	}
	return nil
}

// unreachable answers for a server that did not.
func (p *Proxy) unreachable(w http.ResponseWriter, r *http.Request, err error) {
	if r.Context().Err() != nil {
		return // the client is gone
	}
	status := http.StatusBadGateway
	var timeout net.Error
	if errors.As(err, &timeout) && timeout.Timeout() {
		status = http.StatusGatewayTimeout
	}
	p.log.Error("the other server does not answer", "target", p.target.Host, "method", r.Method, "path", r.URL.Path, "error", err)
	action.SendStatus(w, r, status)
}
