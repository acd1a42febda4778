// Package webtransport serves Engine.IO 4.1 over WebTransport: it brings HTTP/3
// streams to an engineio.Server. It is a package of its own so that only programs
// that import it link QUIC.
//
//	engine, err := engineio.NewServer(handler, engineio.Config{
//		Transports: []engineio.Transport{engineio.Polling, engineio.WebSocket, engineio.WebTransport},
//	})
//	...
//	server := webtransport.NewServer(engine, &http3.Server{Addr: ":443", TLSConfig: http3.ConfigureTLSConfig(tlsConfig)})
//	mux := http.NewServeMux()
//	mux.Handle("/engine.io/", server) // and whatever else HTTP/3 should answer
//	server.H3.Handler = mux
//	server.Serve(udp)
//
// The framing is that of the Engine.IO protocol, revision 4.1:
// https://socket.io/docs/v4/engine-io-protocol/.
package webtransport

import (
	"context"
	"errors"
	"net"
	"net/http"

	"github.com/quic-go/quic-go/http3"
	"github.com/quic-go/webtransport-go"

	"github.com/go-sails/sails/engineio"
)

// Server serves HTTP/3 and hands the streams of WebTransport clients to an engine.
// As a handler it answers the extended CONNECT requests of such clients and passes
// every other request on to the engine. It may be called concurrently.
type Server struct {
	// H3 is the HTTP/3 server. Its Handler is this Server unless it was set; a handler
	// of its own has to route the engine's path here.
	H3 *http3.Server

	engine   *engineio.Server
	requests http.Handler
	sessions *webtransport.Server
}

// NewServer returns a Server for engine. WebTransport must be among the engine's
// Config.Transports; origins, AllowRequest and every bound are the engine's.
func NewServer(engine *engineio.Server, h3 *http3.Server) *Server { return Wrap(engine, engine, h3) }

// Wrap is NewServer for an engine that is reached through another handler, such as
// a socketio.Server: requests other than CONNECT go to that.
func Wrap(engine *engineio.Server, requests http.Handler, h3 *http3.Server) *Server {
	webtransport.ConfigureHTTP3Server(h3)
	s := &Server{H3: h3, engine: engine, requests: requests, sessions: &webtransport.Server{
		H3:          h3,
		CheckOrigin: func(*http.Request) bool { return true }, // the engine has checked it
	}}
	if h3.Handler == nil {
		h3.Handler = s
	}
	return s
}

// Serve accepts QUIC connections on conn until Close; it always returns an error.
// H3.TLSConfig must hold a certificate and the protocol names of HTTP/3 (see
// http3.ConfigureTLSConfig).
func (s *Server) Serve(conn net.PacketConn) error { return s.sessions.Serve(conn) }

// Close ends all WebTransport sessions and the HTTP/3 server. Shut the engine down
// first to let clients know.
func (s *Server) Close() error { return s.sessions.Close() }

// ServeHTTP takes a WebTransport session, or passes the request on.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodConnect {
		s.requests.ServeHTTP(w, r)
		return
	}
	var session *webtransport.Session
	err := s.engine.ServeStream(r, func(ctx context.Context) (net.Conn, error) {
		var err error
		if session, err = s.sessions.Upgrade(w, r); err != nil {
			return nil, err
		}
		stream, err := session.AcceptStream(ctx) // one bidirectional stream is used
		if err != nil {
			return nil, err
		}
		return &conn{Stream: stream, session: session}, nil
	})
	switch {
	case err == nil:
	case session != nil:
		_ = session.CloseWithError(0, "")
	case errors.Is(err, engineio.ErrOverLimit):
		w.Header().Set("Retry-After", "1")
		w.WriteHeader(http.StatusServiceUnavailable)
	default:
		status := http.StatusBadRequest
		var refused *engineio.ConnectionError
		if errors.As(err, &refused) && refused.Code == engineio.Forbidden {
			status = http.StatusForbidden
		}
		w.WriteHeader(status)
	}
}

// conn makes a stream and its session one net.Conn.
type conn struct {
	*webtransport.Stream
	session *webtransport.Session
}

func (c *conn) LocalAddr() net.Addr  { return c.session.LocalAddr() }
func (c *conn) RemoteAddr() net.Addr { return c.session.RemoteAddr() }

// Close ends the stream and its session.
func (c *conn) Close() error {
	c.CancelRead(0)
	err := c.Stream.Close()
	return errors.Join(err, c.session.CloseWithError(0, ""))
}
