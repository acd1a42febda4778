package main

import (
	"bytes"
	"io"
	"net/http"
	"strconv"
	"sync"
)

// poller is a polling session: what waits for its next GET.
type poller struct {
	revision int
	mu       sync.Mutex
	out      []byte        // a payload; guarded by mu
	ready    chan struct{} // capacity 1: out may be non-empty
}

var pollers sync.Map // sid → *poller

func servePolling(w http.ResponseWriter, r *http.Request) {
	query := r.URL.RawQuery
	sid := param(query, "sid=")
	if sid == "" {
		p := &poller{revision: 4, ready: make(chan struct{}, 1)}
		if param(query, "EIO=") == "3" {
			p.revision = 3
		}
		sid = newSID()
		pollers.Store(sid, p)
		payload := p.appendPacket(nil, openPacket(sid, `"websocket"`))
		if p.revision == 3 {
			payload = p.appendPacket(payload, "40")
		}
		reply(w, payload)
		return
	}
	found, ok := pollers.Load(sid)
	if !ok {
		http.Error(w, "no such session", http.StatusBadRequest)
		return
	}
	p := found.(*poller)
	if r.Method == http.MethodGet {
		p.serveGet(w, r)
	} else {
		p.servePost(w, r)
	}
}

func param(query, name string) string {
	for len(query) > 0 {
		var pair string
		pair, query = cutByte(query, '&')
		if len(pair) > len(name) && pair[:len(name)] == name {
			return pair[len(name):]
		}
	}
	return ""
}

func cutByte(s string, c byte) (before, after string) {
	for i := range len(s) {
		if s[i] == c {
			return s[:i], s[i+1:]
		}
	}
	return s, ""
}

func (p *poller) serveGet(w http.ResponseWriter, r *http.Request) {
	for {
		p.mu.Lock()
		out := p.out
		p.out = nil
		p.mu.Unlock()
		if len(out) > 0 {
			reply(w, out)
			return
		}
		select {
		case <-p.ready:
		case <-r.Context().Done():
			return
		}
	}
}

func (p *poller) servePost(w http.ResponseWriter, r *http.Request) {
	b := buffers.Get().(*[]byte)
	defer buffers.Put(b)
	n, err := io.ReadFull(r.Body, (*b)[:min(int(r.ContentLength), len(*b))])
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	a := buffers.Get().(*[]byte)
	defer buffers.Put(a)
	p.mu.Lock()
	for in := (*b)[:n]; len(in) > 0; {
		var packet []byte
		packet, in = p.cutPacket(in)
		if len(packet) == 2 && packet[1] == '0' {
			p.out = p.appendPacket(p.out, `40{"sid":"`+newSID()+`"}`)
		} else if answer := message((*a)[:0], packet, nil); len(answer) > 0 {
			p.out = p.appendPacket(p.out, string(answer))
		}
	}
	p.mu.Unlock()
	select {
	case p.ready <- struct{}{}:
	default:
	}
	reply(w, []byte("ok"))
}

func reply(w http.ResponseWriter, body []byte) {
	h := w.Header()
	h["Content-Type"] = []string{"text/plain; charset=UTF-8"}
	h["Content-Length"] = []string{strconv.Itoa(len(body))}
	_, _ = w.Write(body)
}

// Payloads: revision 4 separates packets, revision 3 counts characters, which are
// bytes in everything the bench sends.

func (p *poller) appendPacket(out []byte, packet string) []byte {
	if p.revision == 3 {
		out = append(strconv.AppendInt(out, int64(len(packet)), 10), ':')
	} else if len(out) > 0 {
		out = append(out, 0x1e)
	}
	return append(out, packet...)
}

func (p *poller) cutPacket(in []byte) (packet, rest []byte) {
	if p.revision == 4 {
		packet, rest, _ = bytes.Cut(in, []byte{0x1e})
		return packet, rest
	}
	digits, rest, _ := bytes.Cut(in, []byte(":"))
	n, _ := strconv.Atoi(string(digits))
	n = min(n, len(rest))
	return rest[:n], rest[n:]
}
