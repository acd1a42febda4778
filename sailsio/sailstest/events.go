package sailstest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
)

// Event is an event the server sent. Binary arguments are base64 strings, which
// decode into []byte.
type Event struct {
	Name string
	Args []json.RawMessage
}

// Decode decodes the first arguments.
func (e Event) Decode(dst ...any) error {
	for i, d := range dst {
		if i >= len(e.Args) {
			return fmt.Errorf("sailstest: event %q has %d arguments", e.Name, len(e.Args))
		}
		if err := json.Unmarshal(e.Args[i], d); err != nil {
			return fmt.Errorf("sailstest: event %q: argument %d: %w", e.Name, i, err)
		}
	}
	return nil
}

// String returns the event as it was on the wire, as a JSON array.
func (e Event) String() string {
	text, err := json.Marshal(append([]any{e.Name}, anys(e.Args)...))
	if err != nil {
		return e.Name
	}
	return string(text)
}

func anys(list []json.RawMessage) []any {
	out := make([]any, len(list))
	for i, v := range list {
		out[i] = v
	}
	return out
}

func (c *Client) event(m message) error {
	list, err := m.elements()
	if err != nil {
		return err
	}
	var e Event
	if len(list) == 0 || json.Unmarshal(list[0], &e.Name) != nil {
		return errors.New("an event without a name")
	}
	e.Args = list[1:]
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.events) == maxReceived {
		return errors.New("the test does not look at what it receives")
	}
	c.events = append(c.events, e)
	close(c.wake)
	c.wake = make(chan struct{})
	return nil
}

// ExpectEvent returns the oldest event of this name that was not looked at yet; it
// waits for it until ctx ends. Events of other names stay for later calls.
func (c *Client) ExpectEvent(ctx context.Context, name string) (Event, error) {
	for {
		e, found, wake := c.take(name)
		if found {
			return e, nil
		}
		select {
		case <-wake:
		case <-c.done:
			if e, found, _ = c.take(name); found { // it came just before the end
				return e, nil
			}
			return Event{}, fmt.Errorf("sailstest: no event %q: %w", name, c.Err())
		case <-ctx.Done():
			return Event{}, fmt.Errorf("sailstest: no event %q, received %v: %w", name, c.Received(), ctx.Err())
		}
	}
}

// take returns the oldest event of this name, or else what announces the next one.
func (c *Client) take(name string) (e Event, found bool, wake <-chan struct{}) {
	c.mu.Lock()
	defer c.mu.Unlock()
	at := slices.IndexFunc(c.events, func(e Event) bool { return e.Name == name })
	if at < 0 {
		return Event{}, false, c.wake
	}
	e = c.events[at]
	c.events = slices.Delete(c.events, at, at+1)
	return e, true, nil
}

// Received returns the events that were not looked at yet, in order, and takes
// them. After a request it is all the server had sent to this client before the
// answer.
func (c *Client) Received() []Event {
	c.mu.Lock()
	defer c.mu.Unlock()
	events := c.events
	c.events = nil
	return events
}
