package sailstest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/go-sails/sails/internal/eioclient"
	"github.com/go-sails/sails/internal/eioproto"
	"github.com/go-sails/sails/internal/sioproto"
)

// Options say how a client connects. The zero value is sails.io.js 1.2.1.
type Options struct {
	// Revision of Engine.IO: 3, which every release of sails.io.js brings along
	// (default), or 4, of socket.io-client 3.x and 4.x.
	Revision int
	// SDK is the version of sails.io.js to say; default "1.2.1", "none" says none,
	// as plain socket.io clients do.
	SDK string
	// Header and Query are sent with the handshake.
	Header http.Header
	Query  url.Values
	// Path of the socket, default "/socket.io/".
	Path string
}

// ErrClosed says that the connection has ended.
var ErrClosed = errors.New("sailstest: the connection has ended")

// maxReceived bounds the events that wait to be looked at.
const maxReceived = 100_000

// Client is one connected socket. Its methods may be called concurrently.
type Client struct {
	ws       *eioclient.WebSocket
	revision int
	id       string
	interval time.Duration

	connected chan error // one value: how the connection went
	done      chan struct{}

	mu     sync.Mutex
	nextID uint64                  // guarded by mu, as all below
	acks   map[uint64]chan message // waiting requests
	events []Event
	wake   chan struct{} // closed when an event comes
	reason error
	ping   *time.Timer
	partly *message // waits for its attachments
	wants  int
}

// message is a packet taken apart.
type message struct {
	kind        sioproto.Type
	id          uint64
	hasID       bool
	data        []byte
	attachments [][]byte
}

// Connect opens a socket, over a WebSocket, and waits until the server has let it
// in; ctx bounds that. A refusal is an error.
func (s *Server) Connect(ctx context.Context, o Options) (*Client, error) {
	if o.Revision == 0 {
		o.Revision = 3
	}
	if o.Path == "" {
		o.Path = "/socket.io/"
	}
	query := url.Values{}
	for k, v := range o.Query {
		query[k] = v
	}
	if o.SDK == "" {
		o.SDK = "1.2.1"
	}
	if o.SDK != "none" {
		query.Set("__sails_io_sdk_version", o.SDK)
		query.Set("__sails_io_sdk_platform", "node")
		query.Set("__sails_io_sdk_language", "javascript")
	}
	u, err := eioclient.ParseURL(URL, o.Path, query)
	if err != nil {
		return nil, fmt.Errorf("sailstest: %w", err)
	}
	endpoint := &eioclient.Endpoint{
		URL: u, Revision: o.Revision, Header: o.Header, Dial: s.listener.dial,
		MaxMessage: 64 << 20, MaxPackets: 1000,
	}
	ws, err := endpoint.WebSocket(ctx, "", nil)
	if err != nil {
		return nil, fmt.Errorf("sailstest: %w", err)
	}
	c := &Client{
		ws: ws, revision: o.Revision,
		connected: make(chan error, 1), done: make(chan struct{}),
		acks: map[uint64]chan message{}, wake: make(chan struct{}),
	}
	go c.read()
	select {
	case err = <-c.connected:
	case <-c.done:
		err = c.Err()
	case <-ctx.Done():
		err = ctx.Err()
	}
	if err != nil {
		c.Close()
		return nil, fmt.Errorf("sailstest: not connected: %w", err)
	}
	return c, nil
}

// ID returns the socket's id, the same that the server has.
func (c *Client) ID() string { return c.id }

// Close ends the connection and waits until the client has stopped. The server
// sees the client go.
func (c *Client) Close() {
	_ = c.ws.Close()
	<-c.done
}

// Done is closed when the connection has ended.
func (c *Client) Done() <-chan struct{} { return c.done }

// Err returns why the connection has ended, nil while it has not. It matches
// ErrClosed.
func (c *Client) Err() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.reason
}

// read takes what the server sends, in order, until the connection ends.
func (c *Client) read() {
	var err error
	for err == nil {
		err = c.ws.Read(c.packet)
	}
	_ = c.ws.Close()
	c.mu.Lock()
	c.reason = fmt.Errorf("%w: %w", ErrClosed, err)
	if c.ping != nil {
		c.ping.Stop()
	}
	c.mu.Unlock()
	close(c.done)
}

func (c *Client) packet(p eioproto.Packet) error {
	switch p.Type {
	case eioproto.Open:
		return c.open(p)
	case eioproto.Ping:
		return c.write(eioproto.Pong, p.Data)
	case eioproto.Close:
		return errors.New("closed by the server")
	case eioproto.Message:
		if p.Binary {
			return c.attachment(p.Data)
		}
		return c.text(p.Data)
	}
	return nil
}

func (c *Client) open(p eioproto.Packet) error {
	h, err := eioclient.ParseHandshake(p)
	if err != nil {
		return err
	}
	c.id = h.SID
	if c.revision == 3 {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.interval = h.PingInterval
		c.ping = time.AfterFunc(c.interval, c.beat) // here the client keeps the connection alive
		return nil
	}
	return c.write(eioproto.Message, sioproto.AppendHeader(nil, sioproto.Connect, 0, "/", 0, false))
}

func (c *Client) beat() {
	if c.write(eioproto.Ping, nil) != nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.reason == nil {
		c.ping.Reset(c.interval)
	}
}

func (c *Client) write(t eioproto.Type, data []byte) error {
	return c.ws.Write(eioclient.Wire{Data: append([]byte{t.Digit()}, data...)})
}

func (c *Client) text(data []byte) error {
	h, err := sioproto.ParseHeader(append([]byte(nil), data...), 1000)
	if err != nil {
		return err
	}
	if string(h.Namespace) != "/" {
		return nil
	}
	m := message{kind: h.Type, id: h.ID, hasID: h.HasID, data: h.Data}
	if h.Attachments > 0 {
		c.partly, c.wants = &m, h.Attachments
		return nil
	}
	return c.message(m)
}

func (c *Client) attachment(data []byte) error {
	m := c.partly
	if m == nil {
		return errors.New("an attachment nobody announced")
	}
	m.attachments = append(m.attachments, append([]byte(nil), data...))
	if len(m.attachments) < c.wants {
		return nil
	}
	c.partly = nil
	return c.message(*m)
}

func (c *Client) message(m message) error {
	switch m.kind {
	case sioproto.Connect:
		var answer struct{ SID string }
		if c.revision == 4 {
			if err := json.Unmarshal(m.data, &answer); err != nil {
				return err
			}
			c.id = answer.SID
		}
		c.connected <- nil
	case sioproto.ConnectError:
		return fmt.Errorf("refused by the server: %s", m.data)
	case sioproto.Disconnect:
		return errors.New("io server disconnect")
	case sioproto.Event, sioproto.BinaryEvent:
		return c.event(m)
	case sioproto.Ack, sioproto.BinaryAck:
		c.mu.Lock()
		defer c.mu.Unlock()
		if answer := c.acks[m.id]; answer != nil {
			delete(c.acks, m.id)
			answer <- m
		}
	}
	return nil
}

// elements takes the JSON array of a packet apart; binary parts become base64
// strings, which decode into []byte.
func (m message) elements() ([]json.RawMessage, error) {
	spans, err := sioproto.Split(m.data, len(m.attachments), 10_000, nil)
	if err != nil {
		return nil, err
	}
	list := make([]json.RawMessage, len(spans))
	for i, s := range spans {
		list[i] = m.data[s.Start:s.End]
		if len(m.attachments) > 0 {
			if list[i], err = sioproto.AppendInlined(nil, list[i], m.attachments); err != nil {
				return nil, err
			}
		}
	}
	return list, nil
}
