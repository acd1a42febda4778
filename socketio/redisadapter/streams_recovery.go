package redisadapter

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/go-sails/sails/socketio"
	"github.com/go-sails/sails/socketio/internal/clusterwire"
)

// savedSocket is the state of a lost socket as JavaScript nodes keep it; they ignore
// the fields at the end.
type savedSocket struct {
	SID   string            `json:"sid"`
	PID   string            `json:"pid"`
	Rooms clusterwire.Names `json:"rooms"`
	Data  json.RawMessage   `json:"data"`

	Namespace string `json:"nsp,omitempty"`
	Bound     string `json:"bound,omitempty"`
}

// Save implements socketio.LogAdapter: a key of Redis that expires.
func (a *Streams) Save(ctx context.Context, namespace string, s *socketio.SavedSocket, ttl time.Duration) error {
	saved := savedSocket{SID: s.ID, PID: s.PID, Rooms: s.Rooms, Data: s.Data, Namespace: namespace, Bound: s.Bound}
	if saved.Rooms == nil {
		saved.Rooms = clusterwire.Names{}
	}
	if len(saved.Data) == 0 {
		saved.Data = json.RawMessage("{}") // applications of JavaScript nodes expect an object
	}
	packed, err := clusterwire.EncodeObject(saved, true, nil)
	if err != nil {
		return err
	}
	text := base64.StdEncoding.EncodeToString(packed)
	key := a.cfg.Streams.SessionPrefix + s.PID
	_, err = a.out.Send(ctx, func(ctx context.Context, c redis.Cmdable) redis.Cmder { return c.Set(ctx, key, text, ttl) }, len(text))
	return err
}

// Take implements socketio.LogAdapter.
func (a *Streams) Take(ctx context.Context, namespace, pid string) (*socketio.SavedSocket, error) {
	if err := a.out.Available(); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, a.cfg.Timeout)
	defer cancel()
	key := a.cfg.Streams.SessionPrefix + pid
	var get *redis.StringCmd
	_, err := a.client.TxPipelined(ctx, func(tx redis.Pipeliner) error { // GETDEL is of Redis 6.2
		get = tx.Get(ctx, key)
		tx.Del(ctx, key)
		return nil
	})
	switch {
	case errors.Is(err, redis.Nil):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("redisadapter: taking the state of a socket: %w: %w", ErrDown, err)
	}
	s, err := decodeSaved(get.Val(), a.cfg.MaxMessage)
	if err != nil || s.PID != pid || s.Namespace != "" && s.Namespace != namespace {
		a.counters.malformed.Add(1)
		return nil, errMessage
	}
	return &socketio.SavedSocket{PID: s.PID, ID: s.SID, Rooms: s.Rooms, Data: s.Data, Bound: s.Bound}, nil
}

func decodeSaved(text string, maxSize int) (s savedSocket, err error) {
	if len(text) > maxSize {
		return s, errMessage
	}
	packed, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return s, errMessage
	}
	if _, err = clusterwire.DecodeObject(packed, &s); err != nil {
		return s, err
	}
	if s.SID == "" || s.PID == "" {
		return s, errMessage
	}
	return s, nil
}

// How much of a stream one scan reads, and how much at a time.
const (
	scanPage  = 64
	scanPages = 1_000
)

// Since implements socketio.LogAdapter: it reads the stream.
func (a *Streams) Since(ctx context.Context, namespace, after, until string, each func(*socketio.ClusterMessage) bool) error {
	if err := a.out.Available(); err != nil {
		return err
	}
	select {
	case a.scans <- struct{}{}:
		defer func() { <-a.scans }()
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	if _, _, ok := parseOffset(after); !ok {
		return socketio.ErrOffset
	}
	name := a.streamName(namespace)
	first, err := a.client.XRangeN(ctx, name, after, after, 1).Result()
	if err != nil {
		return fmt.Errorf("redisadapter: reading the stream: %w: %w", ErrDown, err)
	}
	if len(first) == 0 || first[0].Values["nsp"] != namespace || first[0].Values["type"] != broadcastType {
		return socketio.ErrOffset
	}
	for range scanPages {
		if a.Compare(after, until) >= 0 {
			return nil
		}
		page, err := a.client.XRangeN(ctx, name, following(after), until, scanPage).Result()
		if err != nil {
			return fmt.Errorf("redisadapter: reading the stream: %w: %w", ErrDown, err)
		}
		for i := range page {
			x := &page[i]
			after = x.ID
			if x.Values["nsp"] != namespace || x.Values["type"] != broadcastType {
				continue
			}
			m, err := decodeEntry(x, "", a.cfg.MaxMessage)
			if err != nil || m == nil {
				continue // it was of no use to anyone
			}
			if !each(m) {
				return nil
			}
		}
		if len(page) < scanPage {
			return nil
		}
	}
	return socketio.ErrOffset // too long ago
}

var broadcastType = strconv.Itoa(int(socketio.ClusterBroadcast))

// following is the smallest id after another: ranges without their ends are of Redis 6.2.
func following(id string) string {
	ms, seq, _ := parseOffset(id)
	if seq++; seq == 0 {
		ms++
	}
	return strconv.FormatUint(ms, 10) + "-" + strconv.FormatUint(seq, 10)
}

// parseOffset reads the id of an entry.
func parseOffset(id string) (ms, seq uint64, ok bool) {
	left, right, ok := strings.Cut(id, "-")
	if !ok {
		return 0, 0, false
	}
	ms, err := strconv.ParseUint(left, 10, 64)
	if err != nil {
		return 0, 0, false
	}
	seq, err = strconv.ParseUint(right, 10, 64)
	return ms, seq, err == nil
}

// ValidOffset implements socketio.LogAdapter: the id of an entry, as Redis writes it.
func (a *Streams) ValidOffset(offset string) bool {
	ms, seq, ok := parseOffset(offset)
	return ok && strconv.FormatUint(ms, 10)+"-"+strconv.FormatUint(seq, 10) == offset
}

// Compare implements socketio.LogAdapter.
func (a *Streams) Compare(x, y string) int {
	xms, xseq, _ := parseOffset(x)
	yms, yseq, _ := parseOffset(y)
	switch {
	case xms != yms && xms < yms, xms == yms && xseq < yseq:
		return -1
	case xms == yms && xseq == yseq:
		return 0
	}
	return 1
}
