package socketioclient

import (
	"bytes"
	"encoding/json"
	"errors"

	"github.com/go-sails/sails/internal/sioproto"
)

// conn is one engine connection as the client sees it: it puts packets together
// and hands them to sockets.
type conn struct {
	client *Client
	engine *engine

	mainLeft bool // revision 3: "/" was left on this connection; guarded by client.mu

	// Only touched by the engine's reader: a packet that misses attachments.
	partial     []byte
	attachments [][]byte
	missing     int
	size        int64
}

var (
	errAttachment = errors.New("socketioclient: attachments and packets do not match")
	errTooLarge   = errors.New("socketioclient: event and attachments exceed MaxMessage")
	errShape      = errors.New("socketioclient: packet lacks what its type needs")
)

func (k *conn) onTransport(t Transport) {
	k.client.cfg.Logger.Debug("transport", "name", string(t))
	if f := k.client.cfg.OnTransport; f != nil {
		k.client.calls.pushAlways(func() { f(t) })
	}
}

func (k *conn) onClose(reason DisconnectReason, err error) {
	c := k.client
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.conn == k {
		c.lost(reason, err)
	}
}

// onMessage puts packets together out of texts and attachments (spec 2.2).
func (k *conn) onMessage(data []byte, binary bool, stop <-chan struct{}) error {
	if binary != (k.missing > 0) {
		return errAttachment
	}
	if !binary {
		h, err := sioproto.ParseHeader(data, k.client.cfg.MaxAttachments)
		if err != nil {
			return err
		}
		if h.Attachments == 0 {
			return k.dispatch(h, nil, len(data), stop)
		}
		k.partial, k.missing, k.size = bytes.Clone(data), h.Attachments, int64(len(data))
		return nil
	}
	if k.size += int64(len(data)); k.size > k.client.cfg.MaxMessage {
		return errTooLarge
	}
	k.attachments = append(k.attachments, bytes.Clone(data))
	if k.missing--; k.missing > 0 {
		return nil
	}
	h, err := sioproto.ParseHeader(k.partial, k.client.cfg.MaxAttachments)
	if err != nil {
		return err
	}
	attachments := k.attachments
	k.partial, k.attachments = nil, nil
	return k.dispatch(h, attachments, int(k.size), stop)
}

// dispatch acts on a complete packet.
func (k *conn) dispatch(h sioproto.Header, attachments [][]byte, size int, stop <-chan struct{}) error {
	c := k.client
	name, _ := sioproto.CutQuery(h.Namespace)
	c.mu.Lock()
	if c.conn != k {
		c.mu.Unlock()
		return nil
	}
	s := c.sockets[string(name)]
	if h.Type == sioproto.Event || h.Type == sioproto.BinaryEvent {
		c.mu.Unlock()
		return k.event(s, h, attachments, size, stop)
	}
	if h.Type == sioproto.ConnectError && s != nil && s.connected && !s.assumed {
		c.mu.Unlock()
		return k.trouble(s, h, size, stop)
	}
	defer c.mu.Unlock()
	switch h.Type {
	case sioproto.Connect:
		return k.connected(s, string(name), h)
	case sioproto.Disconnect:
		if len(h.Data) > 0 {
			return errShape
		}
		if s == nil {
			return nil
		}
		s.mainJoined = false
		k.mainLeft = k.mainLeft || s.namespace == "/"
		if s.active {
			s.down(ServerDisconnect)
			s.deactivate(ServerDisconnect)
			c.leaveIfUnused()
		}
	case sioproto.ConnectError:
		refusal, err := parseRefusal(h.Data)
		if err != nil {
			return err
		}
		switch {
		case s == nil:
		case s.assumed:
			s.mainJoined, k.mainLeft = false, true
			s.refuse(refusal)
		case s.active:
			s.asked = nil
			s.refuse(refusal)
		default:
			s.asked = nil
		}
	default: // Ack, BinaryAck
		args, err := k.arguments(h, attachments)
		if err != nil {
			return err
		}
		if s == nil || !h.HasID {
			return nil
		}
		if answer, ok := s.acks[h.ID]; ok {
			delete(s.acks, h.ID)
			answer <- ackResult{args: args}
		}
	}
	return nil
}

// trouble queues the ERROR of a server of version 2.x for a socket that stays
// connected.
func (k *conn) trouble(s *Socket, h sioproto.Header, size int, stop <-chan struct{}) error {
	refusal, err := parseRefusal(h.Data)
	if err == nil {
		k.client.calls.push(task{run: func() { s.runOnError(refusal) }, size: size}, stop)
	}
	return err
}

// connected acts on the server's CONNECT. The caller holds client.mu.
func (k *conn) connected(s *Socket, name string, h sioproto.Header) error {
	var body struct {
		SID string `json:"sid"`
		PID string `json:"pid"`
	}
	if len(h.Data) > 0 && (sioproto.Kind(bytes.TrimLeft(h.Data, " \t\r\n")) != '{' || json.Unmarshal(h.Data, &body) != nil) {
		return errShape
	}
	if k.client.cfg.Revision == 3 {
		body.SID, body.PID = k.engine.handshake.SID, ""
		if name != "/" {
			body.SID = name + "#" + body.SID
		}
		if name == "/" {
			k.mainLeft = false
			if s == nil {
				s = k.client.mainSocket()
			}
			s.mainJoined, s.assumed = true, false
			if !s.active {
				return nil // everybody is in the main namespace
			}
		}
	}
	if s != nil {
		s.asked = nil
	}
	if s == nil || !s.active {
		// Disconnected while the question was on its way.
		_ = k.engine.send(plain(sioproto.Disconnect, name, nil), k.client.cfg.MaxBuffered)
		return nil
	}
	if body.SID == "" {
		s.refuse(ErrOldServer)
		return nil
	}
	if !s.connected {
		s.up(k, body.SID, body.PID)
	}
	return nil
}

// parseRefusal reads a CONNECT_ERROR, or an ERROR of revision 4 of Socket.IO,
// which holds any value.
func parseRefusal(data []byte) (*ConnectError, error) {
	if len(data) == 0 {
		return &ConnectError{}, nil
	}
	data, err := sioproto.Valid(data, sioproto.DefaultMaxDepth)
	if err != nil {
		return nil, err
	}
	var text string
	if sioproto.Kind(data) == '"' && json.Unmarshal(data, &text) == nil {
		return &ConnectError{Message: text}, nil
	}
	var body struct {
		Message *string         `json:"message"`
		Data    json.RawMessage `json:"data"`
	}
	if json.Unmarshal(data, &body) != nil || body.Message == nil {
		return &ConnectError{Data: bytes.Clone(data)}, nil
	}
	return &ConnectError{Message: *body.Message, Data: bytes.Clone(body.Data)}, nil
}

// arguments checks the JSON of a packet and takes a copy of it.
func (k *conn) arguments(h sioproto.Header, attachments [][]byte) (Args, error) {
	if h.Data == nil {
		return Args{}, nil
	}
	spans, err := sioproto.Split(h.Data, len(attachments), sioproto.DefaultMaxDepth, nil)
	if err != nil {
		return Args{}, err
	}
	return Args{data: bytes.Clone(h.Data), spans: spans, attachments: attachments}, nil
}

// event queues an event for the handlers of s, which may be nil.
func (k *conn) event(s *Socket, h sioproto.Header, attachments [][]byte, size int, stop <-chan struct{}) error {
	args, err := k.arguments(h, attachments)
	if err != nil || h.Data == nil { // an absent rest is not checked (spec 2.1)
		return err
	}
	if args.Len() == 0 {
		return errShape
	}
	name, err := sioproto.EventName(args.Raw(0))
	if err != nil {
		return err
	}
	if sioproto.Reserved(string(name)) {
		return errShape
	}
	if s == nil {
		return nil
	}
	e := &Event{name: string(name), socket: s, conn: k, id: h.ID, hasID: h.HasID}
	e.args = args.Slice(1, args.Len())
	c := k.client
	c.mu.Lock()
	active, muted := s.active, s.muted
	s.assumed = false
	c.mu.Unlock()
	if !active || !c.calls.push(task{run: func() { s.handle(e, muted) }, size: size}, stop) {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if s.pid != "" && c.conn == k {
		if offset, ok := lastString(e.args); ok {
			s.offset = offset
		}
	}
	return nil
}

// handle runs the handlers of an event.
func (s *Socket) handle(e *Event, muted uint64) {
	c := s.client
	c.mu.Lock()
	if s.muted != muted {
		c.mu.Unlock()
		return
	}
	any, named := s.any, s.handlers[e.name]
	c.mu.Unlock()
	for _, h := range any {
		(*h)(c.ctx, e)
	}
	for _, h := range named {
		(*h)(c.ctx, e)
	}
}

// mainSocket returns the socket of "/"; the caller holds mu.
func (c *Client) mainSocket() *Socket {
	s := c.sockets["/"]
	if s == nil {
		s = newSocket(c, "/")
	}
	return s
}
