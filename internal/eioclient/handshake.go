package eioclient

import (
	"encoding/json"
	"errors"
	"time"

	"github.com/go-sails/sails/internal/eioproto"
)

// Handshake is the content of the open packet.
type Handshake struct {
	SID          string
	Upgrades     []string
	PingInterval time.Duration
	PingTimeout  time.Duration
	MaxPayload   int64 // bytes; 0 when the server does not tell
}

// ErrHandshake says that the server did not begin with a usable open packet.
var ErrHandshake = errors.New("eioclient: first packet is not a valid open packet")

// maxHeartbeat bounds the times a server may ask us to wait.
const maxHeartbeat = 24 * time.Hour

// ParseHandshake reads an open packet.
func ParseHandshake(p eioproto.Packet) (Handshake, error) {
	var body struct {
		SID          string   `json:"sid"`
		Upgrades     []string `json:"upgrades"`
		PingInterval int64    `json:"pingInterval"` // milliseconds, as the next
		PingTimeout  int64    `json:"pingTimeout"`
		MaxPayload   int64    `json:"maxPayload"`
	}
	if p.Type != eioproto.Open || p.Binary || json.Unmarshal(p.Data, &body) != nil || body.SID == "" {
		return Handshake{}, ErrHandshake
	}
	interval, ok1 := milliseconds(body.PingInterval)
	timeout, ok2 := milliseconds(body.PingTimeout)
	if !ok1 || !ok2 || interval+timeout <= 0 || body.MaxPayload < 0 {
		return Handshake{}, ErrHandshake
	}
	return Handshake{SID: body.SID, Upgrades: body.Upgrades, PingInterval: interval, PingTimeout: timeout, MaxPayload: body.MaxPayload}, nil
}

func milliseconds(n int64) (time.Duration, bool) {
	if n < 0 || n > maxHeartbeat.Milliseconds() {
		return 0, false
	}
	return time.Duration(n) * time.Millisecond, true
}
