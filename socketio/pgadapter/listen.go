package pgadapter

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/go-sails/sails/socketio"
	"github.com/go-sails/sails/socketio/internal/backoff"
	"github.com/go-sails/sails/socketio/internal/clusterwire"
)

// How often a silent connection is asked for a sign of life.
const silence = 5 * time.Second

// listener receives on a connection of its own.
type listener struct {
	a *Adapter

	mu        sync.Mutex
	members   map[string]*member // by channel; guarded by mu
	gone      []string           // channels not listened to any more; guarded by mu
	interrupt context.CancelFunc // ends a wait for notifications; guarded by mu
	changed   bool               // members or gone are not what is listened to; guarded by mu
	up        bool               // guarded by mu
	wake      chan struct{}      // holds one token when something has changed
}

// member is one namespace.
type member struct {
	namespace string
	self      string
	deliver   func(*socketio.ClusterMessage)
	listening bool          // on the present connection; guarded by the listener's mu
	ready     chan struct{} // closed when that was so for the first time
}

// change alters what is listened to, and has the goroutine look at it.
func (l *listener) change(alter func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	alter()
	l.changed = true
	if l.interrupt != nil {
		l.interrupt()
	}
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// run keeps a connection until ctx ends.
func (l *listener) run(ctx context.Context) {
	var pause backoff.Backoff
	for ctx.Err() == nil {
		l.mu.Lock()
		idle := len(l.members) == 0
		l.mu.Unlock()
		if idle { // nothing to hear: no connection
			select {
			case <-l.wake:
			case <-ctx.Done():
			}
			continue
		}
		err := l.connection(ctx, &pause)
		if ctx.Err() != nil {
			return
		}
		l.mu.Lock()
		l.up = false
		l.mu.Unlock()
		l.a.cfg.Logger.Warn("pgadapter: not receiving, connecting again", "error", err)
		if !pause.Wait(ctx) {
			return
		}
		l.a.reconnects.Add(1)
	}
}

// connection receives until something fails.
func (l *listener) connection(ctx context.Context, pause *backoff.Backoff) error {
	bounded, cancel := context.WithTimeout(ctx, l.a.cfg.Timeout)
	conn, err := l.a.dial(bounded)
	cancel()
	if err != nil {
		return err
	}
	defer func() {
		bounded, cancel := context.WithTimeout(context.WithoutCancel(ctx), l.a.cfg.Timeout)
		defer cancel()
		_ = conn.Close(bounded) // it is given up
	}()
	l.mu.Lock()
	l.changed = true
	for _, m := range l.members {
		m.listening = false
	}
	l.mu.Unlock()
	cleaned := time.Now()
	for ctx.Err() == nil {
		waiting, cancel := context.WithTimeout(ctx, silence)
		l.mu.Lock()
		if l.changed {
			l.mu.Unlock()
			cancel()
			if err := l.listen(ctx, conn); err != nil {
				return err
			}
			pause.Reset()
			continue
		}
		l.interrupt = cancel
		l.mu.Unlock()
		n, err := conn.WaitForNotification(waiting)
		l.mu.Lock()
		l.interrupt = nil
		l.mu.Unlock()
		timedOut := waiting.Err() != nil
		cancel()
		switch {
		case err == nil:
			err = l.receive(ctx, conn, n)
		case timedOut && ctx.Err() == nil && !conn.IsClosed():
			err = l.idle(ctx, conn)
		}
		if err != nil {
			return err
		}
		if time.Since(cleaned) > l.a.cfg.CleanupInterval {
			cleaned = time.Now()
			if err := l.clean(ctx, conn); err != nil {
				return err
			}
		}
	}
	return ctx.Err()
}

// idle checks that the connection lives.
func (l *listener) idle(ctx context.Context, conn *pgx.Conn) error {
	bounded, cancel := context.WithTimeout(ctx, l.a.cfg.Timeout)
	defer cancel()
	return conn.Ping(bounded)
}

// clean removes old entries of the table.
func (l *listener) clean(ctx context.Context, conn *pgx.Conn) error {
	bounded, cancel := context.WithTimeout(ctx, l.a.cfg.Timeout)
	defer cancel()
	_, err := conn.Exec(bounded, `DELETE FROM `+l.a.cfg.table()+` WHERE created_at < now() - $1 * interval '1 millisecond'`,
		l.a.cfg.CleanupInterval.Milliseconds())
	return serious(err)
}

// serious drops errors that leave the connection as it was.
func serious(err error) error {
	var refused *pgconn.PgError
	if errors.As(err, &refused) && refused.Severity != "FATAL" {
		return nil
	}
	return err
}

// listen makes the database send what is wanted now.
func (l *listener) listen(ctx context.Context, conn *pgx.Conn) error {
	l.mu.Lock()
	l.changed = false
	var commands []string
	var fresh []*member
	for _, channel := range l.gone {
		if l.members[channel] == nil {
			commands = append(commands, "UNLISTEN "+pgx.Identifier{channel}.Sanitize())
		}
	}
	l.gone = nil
	for channel, m := range l.members {
		if !m.listening {
			commands = append(commands, "LISTEN "+pgx.Identifier{channel}.Sanitize())
			fresh = append(fresh, m)
		}
	}
	l.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, l.a.cfg.Timeout)
	defer cancel()
	for _, command := range commands {
		if _, err := conn.Exec(ctx, command); err != nil {
			return err
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.up = true
	for _, m := range fresh {
		m.listening = true
		select {
		case <-m.ready:
		default:
			close(m.ready)
		}
	}
	return nil
}

// receive takes a notification. The error is that of a broken connection.
func (l *listener) receive(ctx context.Context, conn *pgx.Conn, n *pgconn.Notification) error {
	l.mu.Lock()
	m := l.members[n.Channel]
	l.mu.Unlock()
	if m == nil {
		return nil // left a moment ago
	}
	payload := []byte(n.Payload)
	var header struct {
		UID          string `json:"uid"`
		AttachmentID string `json:"attachmentId"`
	}
	if err := json.Unmarshal(payload, &header); err != nil {
		l.malformed(m, err)
		return nil
	}
	if header.UID == m.self {
		return nil
	}
	if header.AttachmentID != "" {
		bounded, cancel := context.WithTimeout(ctx, l.a.cfg.Timeout)
		defer cancel()
		err := conn.QueryRow(bounded, `SELECT payload FROM `+l.a.cfg.table()+` WHERE id::text = $1 AND octet_length(payload) <= $2`,
			header.AttachmentID, l.a.cfg.MaxMessage).Scan(&payload)
		if err != nil {
			l.malformed(m, err)
			if errors.Is(err, pgx.ErrNoRows) {
				return nil
			}
			return serious(err)
		}
	}
	message, err := clusterwire.Decode(payload)
	if err != nil {
		l.malformed(m, err)
		return nil
	}
	if message != nil && message.UID != m.self && message.Namespace == m.namespace {
		l.a.received.Add(1)
		m.deliver(message)
	}
	return nil
}

func (l *listener) malformed(m *member, err error) {
	if l.a.malformed.Add(1)%1000 == 1 {
		l.a.cfg.Logger.Warn("pgadapter: message cannot be used", "namespace", m.namespace, "error", err)
	}
}

// leave ends a namespace.
func (l *listener) leave(channel string, m *member) {
	l.change(func() {
		if l.members[channel] == m {
			delete(l.members, channel)
			l.gone = append(l.gone, channel)
		}
	})
}

// join begins a namespace and waits until it is received.
func (l *listener) join(ctx context.Context, channel string, m *member) error {
	known := false
	l.change(func() {
		if known = l.members[channel] != nil; !known {
			l.members[channel] = m
		}
	})
	if known {
		return fmt.Errorf("pgadapter: namespace %q is joined already; give each server an adapter of its own", m.namespace)
	}
	ctx, cancel := context.WithTimeoutCause(ctx, 3*l.a.cfg.Timeout, ErrDown)
	defer cancel()
	select {
	case <-m.ready:
		return nil
	case <-ctx.Done():
		l.leave(channel, m)
		return fmt.Errorf("pgadapter: listening: %w", context.Cause(ctx))
	}
}
