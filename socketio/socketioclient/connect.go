package socketioclient

import (
	"context"
	"time"
)

// opening is one run of attempts to connect, over when one succeeds.
type opening struct {
	cancel context.CancelFunc
}

// open begins to connect unless there is a connection or somebody is at it. The
// caller holds mu.
func (c *Client) open(again bool) {
	if c.closed || c.conn != nil || c.opening != nil {
		return
	}
	ctx, cancel := context.WithCancel(c.ctx)
	o := &opening{cancel: cancel}
	c.opening = o
	c.tasks.spawn(func() {
		defer cancel()
		c.tryToConnect(ctx, o, again)
	})
}

// stopOpening calls off attempts to connect. The caller holds mu.
func (c *Client) stopOpening() {
	if c.opening != nil {
		c.opening.cancel()
		c.opening = nil
	}
}

// tryToConnect attempts until one works, o is called off, or Options say that it
// is enough. again means that there was a connection before.
func (c *Client) tryToConnect(ctx context.Context, o *opening, again bool) {
	wait := backoff{min: c.cfg.ReconnectDelay, max: c.cfg.ReconnectDelayMax, jitter: c.cfg.ReconnectJitter}
	for {
		if again {
			delay := wait.next()
			c.cfg.Logger.Debug("reconnecting", "attempt", wait.attempts, "delay", delay)
			if !sleep(ctx, delay) {
				return
			}
		}
		again = true
		attempt, cancel := context.WithTimeout(ctx, c.cfg.Timeout)
		e, early, err := openEngine(attempt, &c.cfg, c.tasks.spawn)
		cancel()
		c.mu.Lock()
		if c.opening != o { // called off
			c.mu.Unlock()
			if err == nil {
				e.release()
			}
			return
		}
		if err == nil {
			c.opening = nil
			conn := &conn{client: c, engine: e}
			c.conn = conn
			c.cfg.Logger.Debug("connected", "transport", e.transport())
			e.start(conn, early) // its first packet has to wait for mu
			for _, s := range c.sockets {
				if s.active && c.conn == conn { // the last socket may give up, and the connection with it
					s.join(conn)
				}
			}
			c.mu.Unlock()
			return
		}
		err = publicError(err)
		c.cfg.Logger.Debug("attempt to connect failed", "error", err)
		enough := c.cfg.DisableReconnect || c.cfg.ReconnectAttempts > 0 && wait.attempts >= c.cfg.ReconnectAttempts
		if enough {
			c.opening = nil
		}
		for _, s := range c.sockets {
			if !s.active {
				continue
			}
			s.lastErr = err
			s.notifyError(err)
			if enough {
				s.deactivate(err)
			}
		}
		c.mu.Unlock()
		if enough {
			return
		}
	}
}

// lost is called with mu held when the current connection is no more.
func (c *Client) lost(reason DisconnectReason, err error) {
	c.conn = nil
	c.cfg.Logger.Debug("disconnected", "reason", string(reason), "error", err)
	wanted := false
	for _, s := range c.sockets {
		s.down(reason)
		s.mainJoined, s.asked = false, nil
		if !s.active {
			continue
		}
		if c.cfg.DisableReconnect {
			s.deactivate(reason)
		} else {
			wanted = true
		}
	}
	if wanted {
		c.open(true)
	}
}

// leaveIfUnused ends connection and attempts when no socket wants them. The caller
// holds mu.
func (c *Client) leaveIfUnused() {
	for _, s := range c.sockets {
		if s.active {
			return
		}
	}
	c.stopOpening()
	if conn := c.conn; conn != nil {
		c.conn = nil
		for _, s := range c.sockets {
			s.mainJoined = false
		}
		conn.engine.close()
	}
}

// sleep waits; false means that ctx ended first.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
