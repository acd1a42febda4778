package engineio

import (
	"errors"
	"fmt"
	"log/slog"
	"math"
	"time"
)

// softMark is how much may be queued for a client before we stop reading from it
// (SEC-28).
const softMark = 256 << 10

// Waits that are not configurable, with the rule that sets them.
const (
	hookTimeout      = 10 * time.Second // AllowRequest (SEC-44)
	oldestByte       = 30 * time.Second // a client that takes bytes, but too slowly (SEC-28)
	closeHandshake   = 2 * time.Second  // from our close frame to closing the connection (SEC-19)
	closingPollWait  = 30 * time.Second // a closed polling session waits so long for the poll that takes the close packet
	bodyReadTimeout  = 20 * time.Second // slow POST (SEC-16)
	noopInterval     = 100 * time.Millisecond
	maxInt           = math.MaxInt
	maxURL           = 16 << 10 // SEC-11
	maxParameters    = 1000     // SEC-11
	maxHeaderLines   = 256      // SEC-10
	maxHeaderBytes   = 64 << 10 // SEC-10
	retryAfterSecond = "1"      // hint of a 503
)

// settings is a Config with its defaults applied; negative limits have become the
// largest number.
type settings struct {
	Config
	polling, websocket, webtransport bool
	origins                          originPolicy
}

func (c Config) settings() (settings, error) {
	s := settings{Config: c}
	if len(c.Transports) == 0 {
		s.Transports = []Transport{Polling, WebSocket}
	}
	for _, t := range s.Transports {
		switch t {
		case Polling:
			s.polling = true
		case WebSocket:
			s.websocket = true
		case WebTransport:
			s.webtransport = true
		default:
			return s, fmt.Errorf("engineio: Config.Transports: unknown transport %q, use polling, websocket or webtransport", t)
		}
	}
	for _, d := range []struct {
		name  string
		field *time.Duration
		value time.Duration
	}{
		{"PingInterval", &s.PingInterval, 25 * time.Second},
		{"PingTimeout", &s.PingTimeout, 20 * time.Second},
		{"UpgradeTimeout", &s.UpgradeTimeout, 10 * time.Second},
		{"WriteTimeout", &s.WriteTimeout, 10 * time.Second},
	} {
		switch {
		case *d.field == 0:
			*d.field = d.value
		case *d.field < 0:
			return s, fmt.Errorf("engineio: Config.%s: %v is negative; the wait must be bounded", d.name, *d.field)
		}
	}
	if s.PingInterval < 10*time.Millisecond || s.PingTimeout < 10*time.Millisecond {
		return s, errors.New("engineio: Config.PingInterval and PingTimeout: less than 10ms is not kept, use at least 10ms")
	}
	s.MaxPayload = defaulted(s.MaxPayload, 1_000_000)
	s.MaxPackets = int(defaulted(int64(s.MaxPackets), 16_384))
	s.MaxBuffered = int(defaulted(int64(s.MaxBuffered), 1<<20))
	s.MaxBufferedTotal = defaulted(s.MaxBufferedTotal, 512<<20)
	s.MaxSessions = int(defaulted(int64(s.MaxSessions), 50_000))
	if s.MaxSessionsPerAddr <= 0 {
		s.MaxSessionsPerAddr = maxInt
	}
	s.CompressThreshold = int(defaulted(int64(s.CompressThreshold), 1024))
	if s.Logger == nil {
		s.Logger = slog.New(slog.DiscardHandler)
	}
	var err error
	s.origins, err = newOriginPolicy(&s.Config)
	return s, err
}

func defaulted(v, def int64) int64 {
	switch {
	case v == 0:
		return def
	case v < 0:
		return math.MaxInt64
	}
	return v
}
