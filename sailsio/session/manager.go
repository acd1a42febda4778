package session

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/go-sails/sails/internal/attach"
	"github.com/go-sails/sails/virtualrequest"
)

// Manager gives requests their sessions. Make one with New; its methods may be
// called concurrently.
type Manager struct {
	cfg      Config
	requests inflight
}

// visit is what one request needs, in one allocation.
type visit struct {
	session  Session
	writer   commitWriter
	flushing flushWriter
}

// New checks cfg and returns a Manager. It fails for cookie settings that
// browsers refuse and, in production, for weak secrets (SEC-77, SE-7).
func New(cfg Config) (*Manager, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	return &Manager{cfg: cfg}, nil
}

// Name returns the name of the session cookie.
func (m *Manager) Name() string { return m.cfg.Name }

// Handler returns next with a session in the context of each request; see
// FromContext. Requests it skips reach next without one. When the store fails
// the answer is 500 and next does not run; when it fails while the session is
// saved, the answer is 500 if it has not begun.
//
// The answer is complete only after the session was saved, over HTTP and over
// sockets (RS-10).
func (m *Manager) Handler(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s, has := FromContext(r.Context()); has && s.inUse() || m.skips(r) {
			next.ServeHTTP(w, r)
			return
		}
		v := new(visit)
		s := &v.session
		s.m, s.socket = m, socketFromContext(r.Context())
		if err := m.open(r.Context(), r.Header, s); err != nil {
			m.cfg.Logger.ErrorContext(r.Context(), "session not loaded", "error", err)
			internalServerError(w)
			return
		}
		defer s.leave()
		_, virtual := virtualrequest.FromContext(r.Context())
		v.writer = commitWriter{ResponseWriter: w, s: s, ctx: r.Context(), secure: m.secure(r), virtual: virtual}
		panicked := true
		defer func() { v.writer.finish(panicked) }()
		next.ServeHTTP(v.withOptionalInterfaces(), attach.With(r, sessionKey{}, s))
		panicked = false
	})
}

// Run calls fn with the session of a socket in its context, outside of any
// request, and saves the session afterwards: for what Sails calls lifecycle
// callbacks (CN-40 to CN-42). The socket of a client that asked for "nosession"
// has none there (CN-30). An error of fn keeps its changes from being saved,
// and is returned.
func (m *Manager) Run(ctx context.Context, socket *SocketCookies, fn func(context.Context) error) error {
	if socket == nil || socket.nosessionHeader || socket.nosessionQuery {
		return fn(ctx)
	}
	s := &Session{m: m, socket: socket}
	if err := m.open(ctx, socket.requestHeader(), s); err != nil {
		return err
	}
	defer s.leave()
	if err := fn(context.WithValue(ctx, sessionKey{}, s)); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.finish(ctx, false); err != nil && !errors.Is(err, ErrEnded) {
		return err
	}
	return nil
}

// Destroy ends the session called sid, from wherever it is used: requests of it
// that are running in this process keep their copy and are not saved.
func (m *Manager) Destroy(ctx context.Context, sid string) error {
	slot := m.requests.join(sid)
	defer m.requests.leave(slot)
	return m.destroy(ctx, slot)
}

// skips tells requests that get no session: those of Config.Skip (SE-13), those
// outside the cookie's path, and virtual requests that carry a nosession header
// (VR-30, VR-35).
func (m *Manager) skips(r *http.Request) bool {
	if m.cfg.Cookie.Path != "/" && !strings.HasPrefix(r.URL.EscapedPath(), m.cfg.Cookie.Path) {
		return true
	}
	if socket := socketFromContext(r.Context()); socket != nil && socket.nosessionHeader {
		return true
	}
	// Spelled as it is stored, the field is found without an allocation.
	if _, virtual := virtualrequest.FromContext(r.Context()); virtual && r.Header.Get("Nosession") != "" {
		return true
	}
	return m.cfg.Skip(r)
}

// secure reports whether the client's side of r is encrypted.
func (m *Manager) secure(r *http.Request) bool {
	if r.TLS != nil {
		return true
	}
	if !m.cfg.TrustProxy {
		return false
	}
	proto, _, _ := strings.Cut(r.Header.Get("X-Forwarded-Proto"), ",")
	return strings.EqualFold(strings.TrimSpace(proto), "https")
}

// open loads the session that a request's cookie names into s, or begins a new one.
func (m *Manager) open(ctx context.Context, header http.Header, s *Session) error {
	if s.socket != nil {
		if sid := s.socket.ownID(); sid != "" {
			return m.openOwn(ctx, s, sid)
		}
		s.cookieID = s.socket.signedID(m, header)
	} else {
		s.cookieID = signedID(header, m.cfg.Name, m.cfg.Secrets)
	}
	if s.cookieID != "" {
		slot := m.requests.joinWith(s.cookieID, &s.spare)
		found, err := m.load(ctx, s, slot)
		if err != nil || found {
			return err
		}
		m.requests.leave(slot)
	}
	if s.socket != nil {
		// SU-5: the socket keeps the session that begins here.
		return m.openOwn(ctx, s, s.socket.adopt())
	}
	s.begin(m.requests.join(newID()), newCookie(&m.cfg.Cookie))
	return nil
}

// openOwn loads the session that only one socket knows, or begins it under the
// same id: nothing is stored before it is used (SEC-76).
func (m *Manager) openOwn(ctx context.Context, s *Session, sid string) error {
	slot := m.requests.joinWith(sid, &s.spare)
	found, err := m.load(ctx, s, slot)
	if err != nil || found {
		return err
	}
	cookie := newCookie(&m.cfg.Cookie)
	if s.socket.anonymous() {
		cookie = newSocketCookie()
	}
	s.begin(slot, cookie)
	return nil
}

// load reads the session of slot into s. On an error the slot is left again.
func (m *Manager) load(ctx context.Context, s *Session, slot *sidSlot) (found bool, err error) {
	ctx, cancel := m.bounded(ctx)
	defer cancel()
	raw, err := m.cfg.Store.Get(ctx, slot.id)
	if errors.Is(err, ErrNotFound) {
		return false, nil
	}
	if err != nil {
		m.requests.leave(slot)
		return false, fmt.Errorf("session: load: %w", err)
	}
	if s.socket == nil || !s.socket.recall(raw, &s.first) {
		stored, err := decodeRecord(raw)
		if err != nil {
			m.cfg.Logger.ErrorContext(ctx, "stored session unreadable, starting a new one", "error", err)
			return false, nil
		}
		s.first = *stored
		if s.socket != nil {
			s.socket.keep(raw, &s.first)
		}
	}
	s.use(slot)
	s.adopt(&s.first, raw)
	return true, nil
}

// begin makes s a session that is not stored yet.
func (s *Session) begin(slot *sidSlot, c cookie) {
	s.use(slot)
	s.first = record{cookie: c}
	s.now = &s.first
}

// use makes slot the session's.
func (s *Session) use(slot *sidSlot) {
	s.slot = slot
	s.held = append(s.room[:0], slot)
}

// inUse reports whether the request that s was opened for is still running.
func (s *Session) inUse() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.held) > 0
}

// leave ends the request's use of the session ids it touched.
func (s *Session) leave() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, slot := range s.held {
		s.m.requests.leave(slot)
	}
	s.held = nil
}
