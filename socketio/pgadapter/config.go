package pgadapter

import (
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
)

// Config configures an adapter. For numbers and durations zero means the default;
// negative ones are refused.
type Config struct {
	// URL is the connection string, in either of PostgreSQL's forms. It is required.
	// Connections must be direct or pooled by session: LISTEN needs that. A node uses
	// two.
	URL string
	// Prefix of the channels. Default "socket.io". With the name of a namespace it may
	// have 62 bytes (channelPrefix in JavaScript).
	Prefix string
	// Table keeps what is too large for a notification, or binary, for a short time.
	// Default "socket_io_attachments".
	Table string
	// CreateTable makes the table when it is not there.
	CreateTable bool
	// Threshold is how many bytes a notification may have. Default 7,900; PostgreSQL
	// allows 7,999 (payloadThreshold in JavaScript).
	Threshold int
	// CleanupInterval is how long entries of the table stay at least. Default 30s.
	CleanupInterval time.Duration
	// HeartbeatInterval is how often a node that is silent says that it lives, and
	// HeartbeatTimeout how long a silent one is believed to. Defaults 5s and 10s.
	HeartbeatInterval, HeartbeatTimeout time.Duration
	// Timeout bounds each exchange with the database. Default 1s.
	Timeout time.Duration
	// MaxMessage is the size in bytes of messages accepted from other nodes and of
	// those published. Default 2,048,576 (SEC-92).
	MaxMessage int
	// MaxQueue is how many bytes may wait to be published. Default 8 MiB.
	MaxQueue int
	// Confirm makes every Emit wait until the database has the message, so that its nil
	// error says that. By default an Emit returns when the message is on its way, in its
	// order; the last 256 of a node, or the last megabyte, can then be lost with the
	// database (Stats.Lost) although nobody got an error. Whoever publishes beyond that waits.
	Confirm bool
	// Logger receives one line when the database is lost and one when it is back; nil
	// discards.
	Logger *slog.Logger
}

// limits of PostgreSQL.
const (
	maxNotification = 7_999
	maxChannel      = 63
)

func (cfg Config) withDefaults() (Config, *pgx.ConnConfig, error) {
	if cfg.URL == "" {
		return cfg, nil, errors.New("pgadapter: Config.URL is required")
	}
	conn, err := pgx.ParseConfig(cfg.URL)
	if err != nil {
		return cfg, nil, errors.New("pgadapter: Config.URL is not a connection string") // err may tell the password
	}
	if cfg.Prefix == "" {
		cfg.Prefix = "socket.io"
	}
	if cfg.Table == "" {
		cfg.Table = "socket_io_attachments"
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	for _, d := range []struct {
		name      string
		value     *time.Duration
		byDefault time.Duration
	}{
		{"CleanupInterval", &cfg.CleanupInterval, 30 * time.Second},
		{"HeartbeatInterval", &cfg.HeartbeatInterval, 5 * time.Second},
		{"HeartbeatTimeout", &cfg.HeartbeatTimeout, 10 * time.Second},
		{"Timeout", &cfg.Timeout, time.Second},
	} {
		if *d.value < 0 {
			return cfg, nil, fmt.Errorf("pgadapter: Config.%s cannot be off", d.name)
		}
		if *d.value == 0 {
			*d.value = d.byDefault
		}
	}
	for _, n := range []struct {
		name      string
		value     *int
		byDefault int
	}{{"Threshold", &cfg.Threshold, 7_900}, {"MaxMessage", &cfg.MaxMessage, 1_000_000 + 1<<20}, {"MaxQueue", &cfg.MaxQueue, 8 << 20}} {
		if *n.value < 0 || n.name == "Threshold" && *n.value > maxNotification {
			return cfg, nil, fmt.Errorf("pgadapter: Config.%s is out of range", n.name)
		}
		if *n.value == 0 {
			*n.value = n.byDefault
		}
	}
	conn.ConnectTimeout = cfg.Timeout
	return cfg, conn, nil
}

// table is the quoted name.
func (cfg Config) table() string { return pgx.Identifier{cfg.Table}.Sanitize() }
