package load

import (
	"bytes"
	"fmt"
	"strconv"
	"time"
)

// Poller is one Socket.IO client over long polling, as a browser is: one request
// always waits for messages, another connection posts.
type Poller struct {
	loop      *Loop
	target    *Target
	get, post *httpConn
	path      string // with the sid
	posting   bool
	joined    bool
	gone      bool
	queue     []byte // a payload to post
	cookie    string
	slot      int
	onMessage func(p *Poller, packet []byte)
}

// httpConn is a kept-alive connection with at most one request under way.
type httpConn struct {
	*socket
	owner *Poller
	answ  func(body []byte) error
}

func (h *httpConn) ended(error) {
	if !h.owner.gone {
		h.owner.gone = true
		h.owner.get.close()
		h.owner.post.close()
	}
}

func (h *httpConn) close() {
	if h != nil {
		h.loop.close(h.socket)
	}
}

func (h *httpConn) received(p []byte) (int, error) {
	head, body, taken, err := parseAnswer(p)
	if taken == 0 || err != nil {
		return 0, err
	}
	if !bytes.HasPrefix(head, []byte("HTTP/1.1 200")) {
		return 0, fmt.Errorf("load: poll answered with %q", p[:min(len(p), 300)])
	}
	return taken, h.answ(body)
}

// header finds a field by its lower-case name and ": ".
func header(head []byte, name string) ([]byte, bool) {
	for line := range bytes.SplitSeq(head, []byte("\r\n")) {
		if len(line) > len(name) && bytes.EqualFold(line[:len(name)], []byte(name)) {
			return line[len(name):], true
		}
	}
	return nil, false
}

func unchunk(p []byte) (body []byte, taken int, err error) {
	for {
		line, rest, found := bytes.Cut(p[taken:], []byte("\r\n"))
		if !found {
			return nil, 0, nil
		}
		n, err := strconv.ParseUint(string(line), 16, 31)
		if err != nil {
			return nil, 0, fmt.Errorf("load: bad chunk: %w", err)
		}
		if len(rest) < int(n)+2 {
			return nil, 0, nil
		}
		taken += len(line) + 2 + int(n) + 2
		if n == 0 {
			return body, taken, nil
		}
		body = append(body, rest[:n]...)
	}
}

// DialPolling opens n pollers, one after the other, and returns when all have had
// the answer to their CONNECT and wait for messages.
func (l *Loop) DialPolling(t *Target, n int, limit time.Duration) ([]*Poller, error) {
	deadline := time.Now().Add(limit)
	lost := l.Lost
	var pollers []*Poller
	for i := range n {
		p := &Poller{loop: l, target: t, cookie: t.cookie(i)}
		p.path = fmt.Sprintf("/socket.io/?EIO=%d&transport=polling%s", t.Revision, t.Query)
		if t.Revision == 3 {
			p.path += "&b64=1"
		}
		for _, h := range []**httpConn{&p.get, &p.post} {
			conn := &httpConn{owner: p}
			s, err := l.dial(t.Port, conn)
			if err != nil {
				return pollers, err
			}
			conn.socket = s
			*h = conn
		}
		p.get.answ = p.opened
		p.post.answ = p.posted
		p.request(p.get, "GET", nil)
		pollers = append(pollers, p)
		if err := l.Run(deadline, func() bool { return p.joined || l.Lost > lost }); err != nil {
			return pollers, err
		}
		if !p.joined {
			return pollers, fmt.Errorf("load: poller %d did not connect: %w", len(pollers), l.FirstLoss)
		}
	}
	return pollers, nil
}

// browserHeaders follow the Origin: what a browser sends with every request, and a
// server parses.
const browserHeaders = "\r\nConnection: keep-alive\r\nAccept: */*\r\nAccept-Encoding: gzip, deflate\r\nAccept-Language: en-GB,en;q=0.9\r\n" +
	"User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36\r\n" +
	"Referer: http://127.0.0.1/\r\nSec-Fetch-Dest: empty\r\nSec-Fetch-Mode: cors\r\nSec-Fetch-Site: same-origin\r\n"

// request writes a request in one piece.
func (p *Poller) request(h *httpConn, method string, body []byte) {
	if p.gone {
		return
	}
	out := h.out
	out = append(append(append(append(out, method...), ' '), p.path...), " HTTP/1.1\r\nHost: 127.0.0.1:"...)
	out = append(strconv.AppendInt(out, int64(p.target.Port), 10), "\r\nOrigin: http://127.0.0.1:"...)
	out = append(strconv.AppendInt(out, int64(p.target.Port), 10), browserHeaders...)
	out = append(out, p.cookie...)
	if method == "POST" {
		out = append(out, "Content-Type: text/plain;charset=UTF-8\r\nContent-Length: "...)
		out = append(strconv.AppendInt(out, int64(len(body)), 10), "\r\n"...)
	}
	out = append(out, "\r\n"...)
	h.out = append(out, body...)
	if !h.queued && !h.waiting {
		h.flush()
	}
}

var sidKey = []byte(`"sid":"`)

// opened handles the answer to the first GET.
func (p *Poller) opened(body []byte) error {
	_, rest, found := bytes.Cut(body, sidKey)
	if !found {
		return fmt.Errorf("load: handshake answered with %q", body[:min(len(body), 200)])
	}
	sid, _, _ := bytes.Cut(rest, []byte(`"`))
	p.path += "&sid=" + string(sid)
	p.get.answ = p.polled
	if p.target.Revision == 4 {
		p.send("40")
	} else if err := p.packets(body); err != nil {
		return err
	}
	p.request(p.get, "GET", nil)
	return nil
}

func (p *Poller) polled(body []byte) error {
	if err := p.packets(body); err != nil {
		return err
	}
	p.request(p.get, "GET", nil)
	return nil
}

func (p *Poller) posted([]byte) error {
	p.posting = false
	p.flush()
	return nil
}

// send queues a packet; what is queued while a POST is under way leaves with the next.
func (p *Poller) send(packet string) {
	if p.target.Revision == 3 {
		p.queue = append(strconv.AppendInt(p.queue, int64(len(packet)), 10), ':')
	} else if len(p.queue) > 0 {
		p.queue = append(p.queue, 0x1e)
	}
	p.queue = append(p.queue, packet...)
	p.flush()
}

func (p *Poller) flush() {
	if p.posting || len(p.queue) == 0 {
		return
	}
	p.posting = true
	p.request(p.post, "POST", p.queue)
	p.queue = p.queue[:0]
}

func (p *Poller) packets(body []byte) error {
	for len(body) > 0 {
		var packet []byte
		if p.target.Revision == 3 {
			digits, rest, found := bytes.Cut(body, []byte(":"))
			n, err := strconv.Atoi(string(digits))
			if !found || err != nil || n < 0 || n > len(rest) {
				return fmt.Errorf("load: bad payload %q", body[:min(len(body), 100)])
			}
			packet, body = rest[:n], rest[n:]
		} else {
			packet, body, _ = bytes.Cut(body, []byte{0x1e})
		}
		switch {
		case len(packet) == 1 && packet[0] == '2':
			p.send("3")
		case len(packet) < 2 || packet[0] != '4':
		case packet[1] == '0':
			p.joined = true
		case packet[1] == '4':
			return errRefused
		case p.onMessage != nil:
			p.onMessage(p, packet)
		}
	}
	return nil
}

// ClosedPolling keeps one request of x outstanding per poller.
func (l *Loop) ClosedPolling(pollers []*Poller, x Exchange, w Window) (*Sample, error) {
	var ops, wrong int64
	waiting, over := 0, false
	sent := make([]int, len(pollers))
	request := func(p *Poller) {
		waiting++
		p.send(x.Request(p.slot%16, sent[p.slot]%cycle, 0))
		sent[p.slot]++
	}
	for i, p := range pollers {
		p.slot = i
		p.onMessage = func(p *Poller, packet []byte) {
			_, args, ok := parseAck(packet)
			if !ok || !x.Accept((sent[p.slot]-1)%cycle, args) {
				wrong++
			}
			ops++
			waiting--
			if !over {
				request(p)
			}
		}
		request(p)
	}
	s, err := l.measure(w, &ops, nil)
	if err != nil {
		return nil, err
	}
	over = true
	if err := l.settle(func() bool { return waiting == 0 }); err != nil {
		return nil, err
	}
	s.Lost, s.Wrong = int64(waiting), wrong
	return s, nil
}

// OpenPolling sends the requests of x as they arrive, to one poller after the
// other; those a busy poller cannot post yet wait and leave together.
func (l *Loop) OpenPolling(pollers []*Poller, x Exchange, a Arrivals) (*Sample, error) {
	var from time.Time
	var ops, wrong int64
	var waiting int
	latency := new(Histogram)
	states := make([]openClient, len(pollers))
	for i, p := range pollers {
		p.slot = i
		p.onMessage = func(p *Poller, packet []byte) {
			id, args, ok := parseAck(packet)
			if !ok || id >= ring || states[p.slot].arrived[id].IsZero() || !x.Accept(id, args) {
				wrong++
				return
			}
			at := states[p.slot].arrived[id]
			states[p.slot].arrived[id] = time.Time{}
			waiting--
			ops++
			if !at.Before(from) {
				latency.Record(time.Since(at))
			}
		}
	}
	next := 0
	return l.arrivals(a, &from, latency, &ops, &wrong, &waiting, func(at time.Time) {
		p := pollers[next]
		next = (next + 1) % len(pollers)
		mine := &states[p.slot]
		id := mine.sent % ring
		mine.arrived[id] = at
		waiting++
		p.send(x.Request(p.slot, mine.sent, id))
		mine.sent++
	})
}
