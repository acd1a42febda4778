package redisadapter

import (
	"context"
	"fmt"
)

// Listen hands every message on a channel to receive, until ctx ends or the adapter is
// closed. It is for what shares the adapter's connection, like the admin bus of Sails.
// It returns when messages published from now on will be received; the channel is
// subscribed anew when Redis was lost. receive must not block: all messages of the
// node wait for it. Config.Key is not put in front of the name. A channel has one
// listener.
func (a *Adapter) Listen(ctx context.Context, channel string, receive func([]byte)) error {
	t := topic{"subscribe", channel}
	m := &membership{raw: receive, topics: []topic{t}}
	a.mu.Lock()
	if a.routes[channel] != nil {
		a.mu.Unlock()
		return fmt.Errorf("redisadapter: channel %q is listened to already", channel)
	}
	a.routes[channel] = m
	a.mu.Unlock()
	return a.begin(ctx, m)
}

// Send publishes payload on a channel, as Publish does with messages.
func (a *Adapter) Send(ctx context.Context, channel string, payload []byte) error {
	_, err := a.out.Send(ctx, publish(channel, payload), len(payload))
	return err
}
