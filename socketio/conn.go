package socketio

import (
	"encoding/json"
	"slices"
	"sync"
	"time"

	"github.com/go-sails/sails/engineio"
	"github.com/go-sails/sails/internal/sioproto"
)

// conn is one session and its sockets: it takes the session's messages apart and
// hands each packet to the socket of its namespace. Messages arrive one at a time.
// Lock order: conn, then socket, then session.
type conn struct {
	srv     *Server
	session *engineio.Session
	decoder Decoder

	mu        sync.Mutex
	first     *Socket // most sessions have one socket
	firstName string
	others    map[string]*Socket // by namespace
	gathering *gathering         // a packet that waits for attachments
	timer     *time.Timer        // ConnectTimeout
	paused    int32              // full mailboxes
	revision  int8               // of Engine.IO: 3 or 4; never changes
	joined    bool               // some namespace was joined
	closed    bool               // nothing more is taken from the session
}

// gathering is a packet whose attachments are still to come.
type gathering struct {
	socket *Socket
	event  *Event // nil for an acknowledgement
	id     uint64
	list   *argList // of an acknowledgement
	need   int
	room   int // bytes the attachments may still have (SEC-47)
	timer  *time.Timer
}

// send queues a packet on the session.
func (c *conn) send(p packet) error {
	var err error
	if p.all == nil {
		err = c.session.Send(p.head)
	} else {
		err = c.session.Send(p.all...)
	}
	if err == nil {
		return nil
	}
	return sendError(err)
}

func (c *conn) find(name []byte) *Socket {
	if c.first != nil && string(name) == c.firstName {
		return c.first
	}
	return c.others[string(name)]
}

func (c *conn) count() int {
	n := len(c.others)
	if c.first != nil {
		n++
	}
	return n
}

func (c *conn) put(name string, s *Socket) {
	if c.first == nil && c.others[name] == nil {
		c.first, c.firstName = s, name
		return
	}
	if c.others == nil {
		c.others = make(map[string]*Socket)
	}
	c.others[name] = s
}

// forget frees the place of a closed socket and then, unless it is the zero value,
// sends notice: a client that has seen it may join again at once.
func (c *conn) forget(s *Socket, notice packet) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if notice.head != nil {
		defer func() { _ = c.send(notice) }() // the connection may have gone; then it needs no telling
	}
	if c.first == s {
		c.first, c.firstName = nil, ""
	}
	for name, x := range c.others {
		if x == s {
			delete(c.others, name)
		}
	}
	if g := c.gathering; g != nil && g.socket == s {
		g.socket = nil // its attachments are still taken, for nobody
	}
}

// all returns the sockets, connecting ones included.
func (c *conn) all() []*Socket {
	c.mu.Lock()
	defer c.mu.Unlock()
	var list []*Socket
	if c.first != nil {
		list = append(list, c.first)
	}
	for _, s := range c.others {
		list = append(list, s)
	}
	slices.SortFunc(list, bySeq)
	return list
}

// open prepares a new session. Revision 4 joins the main namespace by itself.
func (c *conn) open() {
	if c.revision == 3 {
		c.connect("/", nil)
	}
	if c.srv.cfg.ConnectTimeout < 0 {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.joined && !c.closed {
		c.timer = time.AfterFunc(c.srv.cfg.ConnectTimeout, c.connectTimeout)
	}
}

// connectTimeout closes a session that has joined no namespace (SEC-54).
func (c *conn) connectTimeout() {
	c.mu.Lock()
	late := !c.joined && !c.closed
	if late {
		c.closed = true
	}
	c.mu.Unlock()
	if late {
		c.srv.stats.connectTimeouts.Add(1)
		c.session.Close(engineio.ForcedClose)
	}
}

// end releases everything: the session is gone.
func (c *conn) end(reason DisconnectReason) {
	c.mu.Lock()
	c.closed = true
	if c.timer != nil {
		c.timer.Stop()
		c.timer = nil
	}
	c.dropGathering()
	c.mu.Unlock()
	for _, s := range c.all() {
		s.close(reason)
	}
}

// dropGathering: the caller holds mu.
func (c *conn) dropGathering() {
	if c.gathering != nil {
		if c.gathering.timer != nil {
			c.gathering.timer.Stop()
		}
		c.gathering = nil
	}
}

// disconnect ends all sockets and the session, by wish of the server.
func (c *conn) disconnect() {
	for _, s := range c.all() {
		s.disconnect()
	}
	c.mu.Lock()
	c.closed = true
	c.mu.Unlock()
	c.session.Close(engineio.ForcedClose)
}

// fail closes the session for bytes that are no packet (spec 2.1).
func (c *conn) fail(err error) {
	c.srv.stats.badPackets.Add(1)
	c.srv.cfg.Logger.Debug("socketio: closing for a malformed packet", "error", err)
	c.stop()
	c.session.Close(engineio.ForcedClose)
}

// invalid closes the session for a packet that its state does not allow. Where the
// close has to wait, the sockets end at once with another reason (spec 2.5).
func (c *conn) invalid(what string) {
	c.srv.stats.badPackets.Add(1)
	c.srv.cfg.Logger.Debug("socketio: closing for a packet out of place", "packet", what)
	c.stop()
	if !c.session.Close(engineio.ForcedClose) {
		c.end(ForcedServerClose)
	}
}

func (c *conn) stop() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = true
	c.dropGathering()
}

// pause counts full mailboxes; while there is one the session does not read.
func (c *conn) pause(by int32) {
	c.mu.Lock()
	defer c.mu.Unlock()
	was := c.paused > 0
	c.paused += by
	if now := c.paused > 0; now != was {
		c.session.PauseReads(now)
	}
}

// receive takes one message of the session. data is only valid during the call.
func (c *conn) receive(data []byte, binary bool) {
	if c.decoder != nil {
		c.receiveCoded(data, binary)
		return
	}
	if binary {
		c.attachment(data)
		return
	}
	h, err := sioproto.ParseHeader(data, c.srv.cfg.MaxAttachments)
	if err != nil {
		c.fail(err)
		return
	}
	c.packet(h, len(data), nil)
}

// receiveCoded is receive with a Codec.
func (c *conn) receiveCoded(data []byte, binary bool) {
	p, err := c.decoder.Decode(data, binary)
	switch {
	case err != nil:
		c.fail(err)
		return
	case p == nil:
		return
	case p.Type > PacketConnectError || len(p.Attachments) > 0 && p.Type != PacketEvent && p.Type != PacketAck:
		c.fail(sioproto.ErrPacket)
		return
	}
	name := p.Namespace
	if name == "" {
		name = "/"
	}
	h := sioproto.Header{Type: sioproto.Type(p.Type), HasID: p.HasID, ID: p.ID, Namespace: []byte(name), Data: p.Data}
	h.Attachments = len(p.Attachments)
	c.packet(h, len(data), p.Attachments)
}

// packet routes a packet. attachments are there when a Codec has gathered them.
func (c *conn) packet(h sioproto.Header, size int, attachments [][]byte) {
	name := h.Namespace
	var query []byte
	if c.revision == 3 {
		name, query = sioproto.CutQuery(name)
	}
	c.mu.Lock()
	if c.closed {
		c.mu.Unlock()
		return
	}
	if c.gathering != nil {
		c.mu.Unlock()
		c.fail(errGathering)
		return
	}
	s := c.find(name)
	connected := s != nil && s.Connected()
	c.mu.Unlock()

	switch h.Type {
	case sioproto.Connect:
		auth, err := c.authOf(h.Data, query)
		switch {
		case err != nil:
			c.fail(err)
		case s != nil:
			c.invalid("CONNECT for a namespace that is joined already")
		default:
			c.connect(string(name), auth)
		}
	case sioproto.Disconnect:
		switch {
		case h.Data != nil:
			c.fail(errDisconnectData)
		case !connected:
			c.invalid("DISCONNECT for a namespace that is not joined")
		default:
			s.close(ClientNamespaceDisconnect)
		}
	case sioproto.ConnectError:
		c.connectError(h)
	default:
		if err := c.message(s, connected, h, size, attachments); err != nil {
			c.fail(err)
		}
	}
}

func (c *conn) connectError(h sioproto.Header) {
	value, err := sioproto.Valid(h.Data, c.srv.cfg.MaxDepth)
	if err != nil && h.Data != nil || h.Data != nil && sioproto.Kind(value) != '{' && sioproto.Kind(value) != '"' {
		c.fail(errConnectError)
		return
	}
	c.invalid("CONNECT_ERROR from a client")
}

// authOf checks the payload of CONNECT and returns a copy of what it says.
func (c *conn) authOf(data, query []byte) (json.RawMessage, error) {
	if data != nil {
		value, err := sioproto.Valid(data, c.srv.cfg.MaxDepth)
		if err != nil {
			return nil, err
		}
		if sioproto.Kind(value) != '{' {
			return nil, errAuth
		}
		if c.revision != 3 && len(value) > 2 {
			return append(json.RawMessage(nil), value...), nil
		}
	}
	if c.revision == 3 {
		return sioproto.QueryAuth(query), nil
	}
	return nil, nil
}
