package socketio

import (
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/go-sails/sails/engineio"
	"github.com/go-sails/sails/internal/sioproto"
)

// Config configures a Server. The zero value is a server on "/socket.io/" for all
// clients with the limits named below. For every number and duration zero means
// the default and negative means off (no limit), unless the field says otherwise.
// NewServer refuses a Config that makes no sense with an error naming the field.
type Config struct {
	// Path that clients connect to; default "/socket.io". The server answers below
	// it ("/socket.io/…") and says 404 elsewhere.
	Path string
	// NoTrailingSlash makes the server answer at Path itself as well (the option
	// addTrailingSlash: false of clients).
	NoTrailingSlash bool
	// Engine configures the connections. Its Logger defaults to this Config's.
	Engine engineio.Config

	// ConnectTimeout closes a session that has joined no namespace. Default 45s (SEC-54).
	ConnectTimeout time.Duration
	// AckTimeout bounds the wait for acknowledgements whose context has no deadline.
	// Default 30s; it cannot be switched off (SEC-55).
	AckTimeout time.Duration
	// RequestTimeout bounds the wait for other nodes where the context has no
	// deadline. Default 5s; it cannot be switched off.
	RequestTimeout time.Duration

	// MaxNamespaces one session may have joined or be joining. Default 100 (SEC-52).
	MaxNamespaces int
	// MaxDynamic is how many dynamic namespaces may exist. Above it empty ones are
	// removed, then joining new ones is refused. Default 10,000.
	MaxDynamic int
	// MaxAttachments of one packet from a client. Default 10; it cannot be switched
	// off (SEC-46).
	MaxAttachments int
	// AttachmentTimeout closes a session that does not send the attachments it
	// announced. Default 30s (SEC-47).
	AttachmentTimeout time.Duration
	// MaxDepth is how deep JSON from clients may be nested. Default 512, at most
	// 10,000; it cannot be switched off (SEC-49).
	MaxDepth int
	// MaxQueuedEvents is how many events of one socket may wait for their handlers
	// before reading from its session pauses; MaxQueuedBytes the same in bytes.
	// Defaults 1024 and 1 MiB. They are soft: what was read already is kept.
	MaxQueuedEvents int
	MaxQueuedBytes  int
	// MaxAcks is how many acknowledgements may be awaited from one socket.
	// Default 10,000 (SEC-55).
	MaxAcks int
	// MaxRooms and MaxRoomName (bytes) bound Socket.JoinLimited, the form of Join for
	// names that come from a client. Defaults 1,000 and 255 (SEC-57).
	MaxRooms    int
	MaxRoomName int

	// Adapter connects the server to others; nil means this node only. The server
	// closes it.
	Adapter Adapter
	// Recovery turns connection state recovery on; nil is off.
	Recovery *Recovery
	// Codec is the packet format; nil is the default one. Clients need the same.
	Codec Codec
	// ClientDir is a directory whose socket.io.js, socket.io.min.js,
	// socket.io.esm.min.js and socket.io.msgpack.min.js, and their maps, are served
	// below Path. "" serves none.
	ClientDir string
	// CleanupEmptyChildNamespaces removes a dynamic namespace when its last socket
	// leaves.
	CleanupEmptyChildNamespaces bool

	// Logger receives one line per lifecycle fact; nil discards.
	Logger *slog.Logger
}

// unlimited stands for a limit that is off.
const unlimited = int(^uint(0) >> 1)

// withDefaults returns cfg with every field filled in.
func (cfg Config) withDefaults() (Config, error) {
	if cfg.Path == "" {
		cfg.Path = "/socket.io"
	}
	cfg.Path = strings.TrimSuffix(cfg.Path, "/")
	if cfg.Path != "" && cfg.Path[0] != '/' {
		return cfg, fmt.Errorf("socketio: Config.Path %q does not begin with a slash", cfg.Path)
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	if cfg.Engine.Logger == nil {
		cfg.Engine.Logger = cfg.Logger
	}
	switch {
	case cfg.AckTimeout < 0:
		return cfg, errors.New("socketio: Config.AckTimeout is negative; it cannot be off")
	case cfg.RequestTimeout < 0:
		return cfg, errors.New("socketio: Config.RequestTimeout is negative; it cannot be off")
	case cfg.MaxAttachments < 0:
		return cfg, errors.New("socketio: Config.MaxAttachments is negative; it cannot be off")
	case cfg.MaxDepth < 0 || cfg.MaxDepth > 10_000:
		return cfg, errors.New("socketio: Config.MaxDepth is not between 1 and 10,000")
	}
	duration(&cfg.ConnectTimeout, 45*time.Second)
	duration(&cfg.AckTimeout, 30*time.Second)
	duration(&cfg.RequestTimeout, 5*time.Second)
	duration(&cfg.AttachmentTimeout, 30*time.Second)
	number(&cfg.MaxNamespaces, 100)
	number(&cfg.MaxDynamic, 10_000)
	number(&cfg.MaxAttachments, sioproto.DefaultMaxAttachments)
	number(&cfg.MaxDepth, sioproto.DefaultMaxDepth)
	number(&cfg.MaxQueuedEvents, 1024)
	number(&cfg.MaxQueuedBytes, 1<<20)
	number(&cfg.MaxAcks, 10_000)
	number(&cfg.MaxRooms, 1000)
	number(&cfg.MaxRoomName, 255)
	if cfg.Recovery != nil {
		r, err := cfg.Recovery.withDefaults()
		if err != nil {
			return cfg, err
		}
		cfg.Recovery = r
	}
	return cfg, nil
}

// duration fills in a default; off stays negative.
func duration(d *time.Duration, byDefault time.Duration) {
	if *d == 0 {
		*d = byDefault
	}
}

func number(n *int, byDefault int) {
	switch {
	case *n == 0:
		*n = byDefault
	case *n < 0:
		*n = unlimited
	}
}

// maxPayload is the size limit of one packet with its attachments (SEC-47).
func (cfg *Config) maxPayload() int {
	switch n := cfg.Engine.MaxPayload; {
	case n == 0:
		return 1_000_000
	case n < 0 || n > int64(unlimited):
		return unlimited
	default:
		return int(n)
	}
}
