package session

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"time"
)

// commitWriter stores the session and sets its cookie at the last moment before
// the headers leave.
type commitWriter struct {
	http.ResponseWriter
	s       *Session
	ctx     context.Context // the request's; an http.Request has one for the same reason
	secure  bool
	virtual bool // the answer goes to a socket

	begun  bool // headers are out, or about to be
	failed bool // the answer was replaced by a 500; what the handler writes is dropped
}

// Unwrap serves http.ResponseController.
func (w *commitWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// WriteHeader commits the session, then writes the header.
func (w *commitWriter) WriteHeader(status int) {
	if status >= 100 && status < 200 && status != http.StatusSwitchingProtocols {
		w.ResponseWriter.WriteHeader(status) // informational: the answer is still to come
		return
	}
	if w.begin() {
		w.ResponseWriter.WriteHeader(status)
	}
}

// Write commits the session before the first byte.
func (w *commitWriter) Write(p []byte) (int, error) {
	if !w.begin() {
		return len(p), nil
	}
	return w.ResponseWriter.Write(p)
}

// ReadFrom keeps the underlying writer's fast path for files.
func (w *commitWriter) ReadFrom(r io.Reader) (int64, error) {
	if !w.begin() {
		return io.Copy(io.Discard, r)
	}
	return io.Copy(w.ResponseWriter, r)
}

// begin commits the session once, and reports whether the handler's answer may
// be written.
func (w *commitWriter) begin() bool {
	if w.begun {
		return !w.failed
	}
	w.begun = true
	if err := w.s.commit(w.ctx, w.Header(), w.secure); err != nil {
		w.s.m.cfg.Logger.ErrorContext(w.ctx, "session not saved", "error", err)
		w.failed = true
		h := w.Header()
		for _, name := range []string{"Content-Length", "Content-Type", "Content-Encoding", "Etag", "Last-Modified", "Cache-Control", "Location"} {
			h.Del(name)
		}
		internalServerError(w.ResponseWriter)
	}
	return !w.failed
}

// complete is begin for an answer that the handler considers complete. The body
// of a virtual response may be set past this writer (virtualrequest.SetBody);
// aborting the handler is how it becomes a 500 nevertheless.
func (w *commitWriter) complete() bool {
	ok := w.begin()
	if !ok && w.virtual {
		panic(http.ErrAbortHandler)
	}
	return ok
}

// finish runs when the handler has returned or panicked.
func (w *commitWriter) finish(panicked bool) {
	if !w.begun && !panicked {
		w.complete()
		return
	}
	// Headers are out, or whoever recovers the panic writes them.
	if !w.begun {
		if err := w.s.commit(w.ctx, w.Header(), w.secure); err != nil {
			w.s.m.cfg.Logger.ErrorContext(w.ctx, "session not saved", "error", err)
		}
		return
	}
	if w.failed {
		return
	}
	w.s.mu.Lock()
	defer w.s.mu.Unlock()
	if err := w.s.finish(w.ctx, false); err != nil {
		w.s.report(w.ctx, err)
	}
}

// commit saves the session and adds the Set-Cookie header if one is due. The
// rules are express-session's: a client without the session's cookie gets it;
// one that has it gets it again when cookies roll, or when the session changed
// and its cookie has a life time.
func (s *Session) commit(ctx context.Context, header http.Header, secure bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.committed = s.socket == nil
	if s.ended {
		return nil
	}
	modified := s.modified || s.changed()
	sendable := s.socket == nil && (s.now.cookie.secure != yes || secure)
	create := s.socket == nil && !s.m.cfg.OnlyModified && (sendable || modified)
	err := s.finish(ctx, create)
	if errors.Is(err, ErrEnded) {
		s.report(ctx, err)
		return nil
	}
	if err != nil {
		return err
	}
	wanted := s.m.cfg.Rolling || s.now.cookie.life == lifeLimited && modified
	if s.cookieID != s.slot.id {
		wanted = !s.m.cfg.OnlyModified || modified
	}
	if sendable && wanted {
		header.Add("Set-Cookie", s.now.cookie.setCookie(s.m.cfg.Name, s.slot.id, s.m.cfg.Secrets[0], time.Now()))
	}
	return nil
}

func (s *Session) report(ctx context.Context, err error) {
	if errors.Is(err, ErrEnded) {
		s.m.cfg.Logger.DebugContext(ctx, "session ended while a request was running, its changes are dropped")
		return
	}
	s.m.cfg.Logger.ErrorContext(ctx, "session not saved", "error", err)
}

// internalServerError answers like Sails' serverError in production. It sets no
// content type: net/http finds text/plain, and a virtual response has none.
func internalServerError(w http.ResponseWriter) {
	w.WriteHeader(http.StatusInternalServerError)
	_, _ = io.WriteString(w, http.StatusText(http.StatusInternalServerError)) // a client that is gone
}

// withOptionalInterfaces returns w with the interfaces of the underlying writer
// that handlers ask for by type assertion. A virtual response has none of them
// (SEC-70).
func (v *visit) withOptionalInterfaces() http.ResponseWriter {
	w := &v.writer
	_, flushes := w.ResponseWriter.(http.Flusher)
	_, hijacks := w.ResponseWriter.(http.Hijacker)
	switch {
	case flushes && hijacks:
		return struct {
			*commitWriter
			flusher
			hijacker
		}{w, flusher{w}, hijacker{w}}
	case flushes:
		v.flushing = flushWriter{w, flusher{w}}
		return &v.flushing
	}
	return w
}

// flushWriter is a commitWriter that flushes.
type flushWriter struct {
	*commitWriter
	flusher
}

type flusher struct{ w *commitWriter }

// Flush commits the session: flushing sends the headers.
func (f flusher) Flush() {
	if f.w.complete() {
		f.w.ResponseWriter.(http.Flusher).Flush()
	}
}

// FlushError serves http.ResponseController.
func (f flusher) FlushError() error {
	if f.w.complete() {
		return http.NewResponseController(f.w.ResponseWriter).Flush()
	}
	return nil
}

type hijacker struct{ w *commitWriter }

// Hijack commits the session; no header can be set afterwards.
func (h hijacker) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	if !h.w.begin() {
		return nil, nil, errors.New("session: not hijacked: the session could not be saved")
	}
	return h.w.ResponseWriter.(http.Hijacker).Hijack()
}
