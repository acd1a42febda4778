package engineio

import (
	"context"
	"errors"
	"net"
	"net/http"
	"time"
)

// DrainLimit is how long a server may take to end before what is left is cut off
// (SEC-91).
const DrainLimit = 30 * time.Second

// What Serve sets where srv leaves it open (SEC-10, SEC-16).
const (
	headerTimeout = 10 * time.Second
	idleTimeout   = time.Minute
)

// Serve answers the requests of a listener until ctx ends, and then drains: drain
// (Server.Shutdown, or that of what was built on top) refuses new clients and says
// goodbye to those there are while plain requests go on, then those in flight get
// the rest of the time. After limit, 0 meaning DrainLimit, everything is cut off and
// the error wraps context.DeadlineExceeded. A listener that fails ends it in the same
// way, with its error. After a clean end the error is nil.
//
// Fields of srv that are zero get the limits such a server needs: 10 seconds for the
// head of a request, a minute for a connection without requests, 64 KiB of headers.
// ReadTimeout and WriteTimeout stay off: a held poll is no slow answer.
// srv's hooks see TCP connections in a wrapper that makes its many read deadlines cheap;
// like that of a tls.Conn, its method NetConn returns what is beneath.
//
// End ctx at the first signal, and let a second one kill the process:
//
//	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
//	context.AfterFunc(ctx, stop)
func Serve(ctx context.Context, l net.Listener, srv *http.Server, drain func(context.Context) error, limit time.Duration) error {
	if srv.ReadHeaderTimeout == 0 {
		srv.ReadHeaderTimeout = headerTimeout
	}
	if srv.IdleTimeout == 0 {
		srv.IdleTimeout = idleTimeout
	}
	if srv.MaxHeaderBytes == 0 {
		srv.MaxHeaderBytes = maxHeaderBytes
	}
	if limit == 0 {
		limit = DrainLimit
	}
	failed := make(chan error, 1)
	go func() { failed <- srv.Serve(timedListener{l}) }()
	var problem error
	select {
	case problem = <-failed:
	case <-ctx.Done():
	}
	draining, cancel := context.WithTimeout(context.WithoutCancel(ctx), limit)
	defer cancel()
	if drain != nil {
		problem = errors.Join(problem, drain(draining))
	}
	if err := srv.Shutdown(draining); err != nil {
		problem = errors.Join(problem, err, srv.Close())
	}
	if own, ok := l.(interface{ Shutdown(context.Context) error }); ok { // package direct
		problem = errors.Join(problem, own.Shutdown(draining))
	}
	return problem
}
