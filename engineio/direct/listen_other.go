//go:build !linux

package direct

import (
	"context"
	"net"
	"net/http"
)

// Listener is a net.Listener for an http.Server. Here it only passes on what the
// listener beneath it accepts.
type Listener struct{ under net.Listener }

// Listen returns a Listener for srv.Serve that hands every connection to net/http.
// An error means that path is not plain; l is as it was.
func Listen(l net.Listener, _ *http.Server, path string) (*Listener, error) {
	if err := checkPath(path); err != nil {
		return nil, err
	}
	return &Listener{under: l}, nil
}

// Accept returns the next connection.
func (d *Listener) Accept() (net.Conn, error) { return d.under.Accept() }

// Addr returns the address listened on.
func (d *Listener) Addr() net.Addr { return d.under.Addr() }

// Close closes the listener beneath.
func (d *Listener) Close() error { return d.under.Close() }

// Shutdown closes the Listener. It serves no requests itself.
func (d *Listener) Shutdown(context.Context) error { return d.Close() }
