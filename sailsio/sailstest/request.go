package sailstest

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"github.com/go-sails/sails/internal/eioclient"
	"github.com/go-sails/sails/internal/eioproto"
	"github.com/go-sails/sails/internal/sioproto"
)

// Request is a virtual request. Data is the body, for every method.
type Request struct {
	Method string // default GET
	URL    string
	Header map[string]string
	Data   any
}

// Response is the answer to a virtual request, the JWR. A binary body is a base64
// string, which decodes into []byte.
type Response struct {
	StatusCode int             `json:"statusCode"`
	Header     map[string]any  `json:"headers"`
	Body       json.RawMessage `json:"body"`
	// Raw is the answer as it arrived. What is no JWR, the error object of a message
	// that could not be parsed for example, is only here.
	Raw json.RawMessage `json:"-"`
}

// Decode decodes the body.
func (r *Response) Decode(dst any) error {
	if r.Body == nil {
		return fmt.Errorf("sailstest: the answer has no body, status %d", r.StatusCode)
	}
	return json.Unmarshal(r.Body, dst)
}

// Get sends a GET request; data is optional.
func (c *Client) Get(ctx context.Context, url string, data any) (*Response, error) {
	return c.Do(ctx, Request{Method: http.MethodGet, URL: url, Data: data})
}

// Post sends a POST request.
func (c *Client) Post(ctx context.Context, url string, data any) (*Response, error) {
	return c.Do(ctx, Request{Method: http.MethodPost, URL: url, Data: data})
}

// Put sends a PUT request.
func (c *Client) Put(ctx context.Context, url string, data any) (*Response, error) {
	return c.Do(ctx, Request{Method: http.MethodPut, URL: url, Data: data})
}

// Patch sends a PATCH request.
func (c *Client) Patch(ctx context.Context, url string, data any) (*Response, error) {
	return c.Do(ctx, Request{Method: http.MethodPatch, URL: url, Data: data})
}

// Delete sends a DELETE request; data is optional.
func (c *Client) Delete(ctx context.Context, url string, data any) (*Response, error) {
	return c.Do(ctx, Request{Method: http.MethodDelete, URL: url, Data: data})
}

// Do sends a request and waits for the answer. An error means that there is none;
// any status is an answer.
func (c *Client) Do(ctx context.Context, r Request) (*Response, error) {
	if r.Method == "" {
		r.Method = http.MethodGet
	}
	message := map[string]any{"url": r.URL, "method": strings.ToLower(r.Method), "headers": map[string]string{}}
	if r.Header != nil {
		message["headers"] = r.Header
	}
	if r.Data != nil {
		message["data"] = r.Data
	}
	args, err := c.Call(ctx, strings.ToLower(r.Method), message)
	if err != nil {
		return nil, err
	}
	if len(args) != 1 {
		return nil, fmt.Errorf("sailstest: an answer of %d arguments", len(args))
	}
	answer := &Response{Raw: args[0]}
	if err := json.Unmarshal(args[0], answer); err != nil {
		return nil, fmt.Errorf("sailstest: answer: %w", err)
	}
	return answer, nil
}

// Call sends an event that asks for an acknowledgement and returns its arguments.
func (c *Client) Call(ctx context.Context, event string, args ...any) ([]json.RawMessage, error) {
	answer := make(chan message, 1)
	c.mu.Lock()
	id := c.nextID
	c.nextID++
	c.acks[id] = answer
	c.mu.Unlock()
	defer func() {
		c.mu.Lock()
		delete(c.acks, id)
		c.mu.Unlock()
	}()
	if err := c.send(event, id, true, args); err != nil {
		return nil, err
	}
	select {
	case m := <-answer:
		return m.elements()
	case <-c.done:
		select {
		case m := <-answer: // it came just before the end
			return m.elements()
		default:
			return nil, c.Err()
		}
	case <-ctx.Done():
		return nil, fmt.Errorf("sailstest: no answer to %q: %w", event, ctx.Err())
	}
}

// Send sends an event that asks for no acknowledgement.
func (c *Client) Send(event string, args ...any) error { return c.send(event, 0, false, args) }

func (c *Client) send(event string, id uint64, hasID bool, args []any) error {
	enc := sioproto.NewEncoder()
	defer enc.Release()
	enc.Buf = append(enc.Buf, '[')
	enc.Buf = sioproto.AppendString(enc.Buf, event)
	for _, arg := range args {
		enc.Buf = append(enc.Buf, ',')
		if err := enc.Value(arg); err != nil {
			return fmt.Errorf("sailstest: %w", err)
		}
	}
	enc.Buf = append(enc.Buf, ']')
	kind := sioproto.Event
	if len(enc.Attachments) > 0 {
		kind = sioproto.BinaryEvent
	}
	text := sioproto.AppendHeader([]byte{eioproto.Message.Digit()}, kind, len(enc.Attachments), "/", id, hasID)
	wires := []eioclient.Wire{{Data: append(text, enc.Buf...)}}
	for _, a := range enc.Attachments {
		wires = append(wires, eioclient.Wire{Binary: true, Data: a})
	}
	if err := c.ws.Write(wires...); err != nil {
		return fmt.Errorf("%w: %w", ErrClosed, err)
	}
	return nil
}
