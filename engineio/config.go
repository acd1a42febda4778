package engineio

import (
	"log/slog"
	"net/http"
	"time"
)

// Transport names a way to carry packets. Names are compared exactly.
type Transport string

// The transports a session can use.
const (
	Polling      Transport = "polling"
	WebSocket    Transport = "websocket"
	WebTransport Transport = "webtransport" // served by package engineio/webtransport
)

// Config configures a Server. The zero value serves both revisions over polling
// and WebSocket to same-origin browsers with the limits named below. For every
// number and duration zero means the default and negative means off (no limit),
// unless the field says otherwise. New refuses a Config that makes no sense with
// an error that names the field.
type Config struct {
	// Transports that may open a session; default Polling and WebSocket.
	Transports []Transport
	// DisableUpgrades stops announcing upgrades; as with the JavaScript server, a
	// client that upgrades without being invited is not refused.
	DisableUpgrades bool
	// DisableEIO3 refuses revision 3 with code 5 (SEC-30).
	DisableEIO3 bool

	PingInterval   time.Duration // default 25s
	PingTimeout    time.Duration // default 20s
	UpgradeTimeout time.Duration // default 10s: a probing WebSocket is closed after it (SEC-39)

	// MaxPayload is the largest message (WebSocket) or request body (polling)
	// accepted, in bytes; it is announced to clients as maxPayload. Default 1,000,000.
	MaxPayload int64
	// MaxPackets is the largest number of packets in one polling payload and of
	// frames in one WebSocket message. Default 16,384 (SEC-24, SEC-35).
	MaxPackets int
	// MaxBuffered is how many bytes may wait to be sent to one client. A Send
	// that finds more than this queued closes the session with ErrSlowConsumer.
	// One message is always accepted on an empty queue. Default 1 MiB (SEC-28).
	MaxBuffered int
	// MaxBufferedTotal bounds the bytes queued by all sessions; default 512 MiB (SEC-3).
	MaxBufferedTotal int64
	// WriteTimeout closes a session whose peer takes no byte for so long. Default 10s.
	WriteTimeout time.Duration
	// MaxSessions bounds open sessions; a handshake above it is answered 503 with
	// Retry-After. Default 50,000 (SEC-3).
	MaxSessions int
	// MaxSessionsPerAddr bounds sessions of one remote address; default off (SEC-37).
	MaxSessionsPerAddr int

	// AllowOrigins is the exact list of origins ("https://example.com:8443") that
	// requests may come from; "*" allows every origin. Nil means: the host of the
	// request itself, the origins of CORS, and clients that are no browsers. It is
	// checked on every request of every transport (SEC-13).
	AllowOrigins []string
	// RequireOrigin refuses handshakes, upgrades and POSTs without an Origin header
	// (SEC-14). It is implied by a list in AllowOrigins unless AllowMissingOrigin is set.
	RequireOrigin bool
	// AllowMissingOrigin lets clients that send no Origin (no browsers) in although
	// AllowOrigins lists some.
	AllowMissingOrigin bool
	// CORS, when not nil, adds CORS headers to polling answers. Nil sends them only
	// for origins that AllowOrigins lists.
	CORS *CORS
	// AllowRequest, when not nil, decides on each handshake. An error refuses it with
	// code 4; a *Refusal gives the text the client sees, any other error is "Forbidden".
	// It must return within 10 seconds (SEC-44).
	AllowRequest func(*http.Request) error
	// BindSession, when not nil, returns a value that must be the same for every
	// request of a session (a session cookie, the remote address); a mismatch is
	// answered like an unknown sid (SEC-33).
	BindSession func(*http.Request) string

	// Cookie, when not nil, is the template of a cookie that carries the sid on
	// polling handshakes. Its Value is replaced.
	Cookie *http.Cookie
	// InitialPacket, when not nil, is sent as the first message of every session.
	InitialPacket *Message
	// GenerateID makes session ids; default 20 URL-safe characters from crypto/rand.
	GenerateID func(*http.Request) (string, error)

	// Subprotocols are the names that may be agreed on with clients that offer them
	// (option protocols of socket.io-client): the first offered one that is listed is
	// accepted, "*" lists all. A browser that offers some closes a WebSocket for which
	// none was accepted. Default none (SEC-21), unlike the JavaScript server, which
	// accepts the first one offered.
	Subprotocols []string

	// CompressWebSocket accepts permessage-deflate, without context take-over, for
	// messages of CompressThreshold bytes or more. Off by default.
	CompressWebSocket bool
	// DisableHTTPCompression stops gzip and deflate of polling answers of
	// CompressThreshold bytes or more.
	DisableHTTPCompression bool
	// CompressThreshold in bytes; default 1024.
	CompressThreshold int

	// Logger receives one line per lifecycle fact; nil discards.
	Logger *slog.Logger
	// OnConnectionError, when not nil, is told of every refused request.
	OnConnectionError func(*ConnectionError)
	// OnHeaders, when not nil, may add headers to every polling answer and WebSocket
	// handshake answer; initial is true for the first answer of a session.
	OnHeaders func(h http.Header, r *http.Request, initial bool)
}

// CORS describes cross-origin answers to polling requests, in the terms of the
// Fetch standard.
type CORS struct {
	// Origins that may read answers. One origin is named in every answer, several
	// are answered with the one that asked, "*" stands for all and excludes Credentials.
	Origins        []string
	Credentials    bool
	Methods        []string      // default GET,HEAD,PUT,PATCH,POST,DELETE
	Headers        []string      // default: the headers the preflight asks for
	ExposedHeaders []string      // default none
	MaxAge         time.Duration // zero sends no Access-Control-Max-Age
}
