package socketioclient

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"math"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/go-sails/sails/internal/eioclient"
	"github.com/go-sails/sails/internal/sioproto"
)

// Transport names a way to carry packets.
type Transport string

// The transports of this client.
const (
	Polling   Transport = "polling"
	WebSocket Transport = "websocket"
)

// Options configures a Client. The zero value behaves like the JavaScript client
// with its defaults: it polls, upgrades to a WebSocket, and reconnects for ever.
// For numbers and durations zero means the default. New refuses Options that make
// no sense with an error that names the field.
type Options struct {
	// Path of the server, default "/socket.io/". A slash is added at the end.
	Path string
	// Revision of Engine.IO: 4 (default) with Socket.IO 5, for servers since 3.0,
	// or 3 with Socket.IO 4, for servers 1.x and 2.x and those with allowEIO3.
	Revision int
	// Transports to use, default Polling, WebSocket. The first opens the
	// connection; when that is Polling and WebSocket is listed too, the connection
	// is upgraded as soon as possible.
	Transports []Transport
	// Query is added to the query of every request; the server has it in the
	// handshake.
	Query url.Values
	// Header is added to every request; Host replaces the host of the URL.
	Header http.Header
	// Jar, when not nil, keeps the cookies of all transports.
	Jar http.CookieJar
	// TLS configures https and wss; nil means the defaults of crypto/tls.
	TLS *tls.Config
	// Dial opens network connections; nil means net.Dialer. No proxy is used.
	Dial func(ctx context.Context, network, addr string) (net.Conn, error)
	// Compress offers permessage-deflate on WebSockets and compresses what is sent
	// from 1 KiB on.
	Compress bool

	// Timeout bounds each attempt to open the connection, and an upgrade; default 20s.
	Timeout time.Duration
	// DisableReconnect gives up when the connection is lost or cannot be opened.
	DisableReconnect bool
	// ReconnectAttempts bounds the attempts in a row after the first failure; 0
	// means no bound.
	ReconnectAttempts int
	// ReconnectDelay is the wait before the first attempt, default 1s. It doubles
	// with each failure up to ReconnectDelayMax, default 5s.
	ReconnectDelay, ReconnectDelayMax time.Duration
	// ReconnectJitter spreads each wait by up to this part of it to either side;
	// default 0.5, at most 1, negative is none.
	ReconnectJitter float64

	// MaxMessage is the largest message accepted from the server and the largest
	// sum of an event and its attachments, in bytes; default 16 MiB. A polling
	// answer may hold twice as much. More ends the connection.
	MaxMessage int64
	// MaxAttachments is how many binary values one event may hold; default 10, as
	// in the JavaScript client. More ends the connection.
	MaxAttachments int
	// MaxBuffered bounds what waits to be sent, in bytes: once for what was handed
	// to the connection and once for what sockets hold back while not connected.
	// Default 1 MiB. One event is always accepted when nothing waits.
	MaxBuffered int
	// MaxQueued and MaxQueuedBytes bound the events that wait for handlers;
	// defaults 1024 and 16 MiB. While either is reached, nothing is read from the
	// server; a server that gets no answer to its heartbeat then disconnects.
	MaxQueued, MaxQueuedBytes int

	// OnTransport, when not nil, is told of the transport of each new connection
	// and of each upgrade, in order with the handlers.
	OnTransport func(Transport)
	// Logger receives one line per lifecycle fact; nil discards.
	Logger *slog.Logger
}

// maxPackets bounds the packets of one polling answer.
const maxPackets = 16_384

// settings is Options with the defaults in place.
type settings struct {
	Options
	endpoint *eioclient.Endpoint
}

func (o Options) settings(rawURL string) (settings, error) {
	s := settings{Options: o}
	orDefault(&s.Path, "/socket.io/")
	if !strings.HasSuffix(s.Path, "/") {
		s.Path += "/"
	}
	orDefault(&s.Revision, 4)
	orDefault(&s.Timeout, 20*time.Second)
	orDefault(&s.ReconnectDelay, time.Second)
	orDefault(&s.ReconnectDelayMax, 5*time.Second)
	orDefault(&s.ReconnectJitter, 0.5)
	orDefault(&s.MaxMessage, 16<<20)
	orDefault(&s.MaxAttachments, sioproto.DefaultMaxAttachments)
	orDefault(&s.MaxBuffered, 1<<20)
	orDefault(&s.MaxQueued, 1024)
	orDefault(&s.MaxQueuedBytes, 16<<20)
	if len(s.Transports) == 0 {
		s.Transports = []Transport{Polling, WebSocket}
	}
	s.Transports = slices.Clone(s.Transports)
	if s.Logger == nil {
		s.Logger = slog.New(slog.DiscardHandler)
	}
	for _, t := range s.Transports {
		if t != Polling && t != WebSocket {
			return settings{}, fmt.Errorf("socketioclient: Options.Transports: unknown transport %q", t)
		}
	}
	if s.Revision != 3 && s.Revision != 4 {
		return settings{}, errors.New("socketioclient: Options.Revision must be 3 or 4")
	}
	for name, n := range map[string]int64{
		"Timeout": int64(s.Timeout), "ReconnectDelay": int64(s.ReconnectDelay), "ReconnectDelayMax": int64(s.ReconnectDelayMax),
		"MaxMessage": s.MaxMessage, "MaxAttachments": int64(s.MaxAttachments), "MaxBuffered": int64(s.MaxBuffered),
		"MaxQueued": int64(s.MaxQueued), "MaxQueuedBytes": int64(s.MaxQueuedBytes), "ReconnectAttempts": int64(s.ReconnectAttempts) + 1,
	} {
		if n <= 0 {
			return settings{}, fmt.Errorf("socketioclient: Options.%s must not be negative", name)
		}
	}
	if !(s.ReconnectJitter <= 1) {
		return settings{}, errors.New("socketioclient: Options.ReconnectJitter must be at most 1")
	}
	if s.MaxMessage > math.MaxInt64/4 {
		return settings{}, errors.New("socketioclient: Options.MaxMessage is too large")
	}
	u, err := eioclient.ParseURL(rawURL, s.Path, s.Query)
	if err != nil {
		return settings{}, fmt.Errorf("socketioclient: %w", err)
	}
	s.Query = maps.Clone(s.Query)
	s.endpoint = &eioclient.Endpoint{
		URL: u, Revision: s.Revision, Header: s.Header.Clone(), Jar: s.Jar, TLS: s.TLS.Clone(), Dial: s.Dial,
		MaxMessage: s.MaxMessage, MaxPackets: maxPackets, Deflate: s.Compress,
	}
	return s, nil
}

func orDefault[T comparable](v *T, otherwise T) {
	var zero T
	if *v == zero {
		*v = otherwise
	}
}
