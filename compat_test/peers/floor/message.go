package main

import (
	"bytes"
	"sync"
)

// message appends the answer to a Socket.IO message of c, or nothing. c is nil for
// polling clients, which join no rooms here.
//
//	42ID["echo",DATA]                  → 43ID[DATA]
//	42ID["join","ROOM"] and leave      → 43ID[true]
//	42["bcast",{"room":"R","event":"E","data":DATA}] → 42["E",DATA] to the members
//	42ID["get",{…"url":"/echo?…"}]     → 43ID[{"body":{},"headers":{},"statusCode":200}]
func message(out, p []byte, c *client) []byte {
	open := bytes.IndexByte(p, '[')
	if len(p) < 2 || p[0] != '4' || p[1] != '2' || open < 0 {
		return out
	}
	id := p[2:open]
	name, rest, _ := bytes.Cut(p[open+2:], []byte(`"`)) // ["name
	rest = bytes.TrimPrefix(rest, []byte(","))          // ARGS]
	switch string(name) {
	case "echo":
		return append(append(append(append(out, "43"...), id...), '['), rest...)
	case "join", "leave":
		room := bytes.Trim(rest, `"]`)
		if string(name) == "join" {
			join(c, string(room))
		} else {
			leave(c, string(room))
		}
		return append(append(append(out, "43"...), id...), "[true]"...)
	case "bcast":
		broadcast(rest)
	case "get":
		out = append(append(append(out, "43"...), id...), `[{"body":{`...)
		out = appendQuery(out, rest)
		return append(out, `},"headers":{},"statusCode":200}]`...)
	}
	return out
}

// appendQuery turns the query of "url":"/echo?a=1&b=2" into JSON members.
func appendQuery(out, request []byte) []byte {
	_, query, _ := bytes.Cut(request, []byte(`"url":"/echo?`))
	query, _, _ = bytes.Cut(query, []byte(`"`))
	for first := true; len(query) > 0; first = false {
		var pair []byte
		pair, query, _ = bytes.Cut(query, []byte("&"))
		name, value, _ := bytes.Cut(pair, []byte("="))
		if !first {
			out = append(out, ',')
		}
		out = append(append(append(out, '"'), name...), `":"`...)
		out = append(append(out, value...), '"')
	}
	return out
}

// room lists its members for iteration and knows their places for leaving.
type room struct {
	members []*client
	places  map[*client]int
}

var (
	roomsMu sync.Mutex
	rooms   = map[string]*room{}
)

func join(c *client, name string) {
	roomsMu.Lock()
	defer roomsMu.Unlock()
	r := rooms[name]
	if r == nil {
		r = &room{places: map[*client]int{}}
		rooms[name] = r
	}
	if _, in := r.places[c]; !in && c != nil {
		r.places[c] = len(r.members)
		r.members = append(r.members, c)
	}
}

func leave(c *client, name string) {
	roomsMu.Lock()
	defer roomsMu.Unlock()
	if r := rooms[name]; r != nil {
		r.leave(c, name)
	}
}

func leaveAll(c *client) {
	roomsMu.Lock()
	defer roomsMu.Unlock()
	for name, r := range rooms {
		r.leave(c, name)
	}
}

func (r *room) leave(c *client, name string) {
	at, in := r.places[c]
	if !in {
		return
	}
	last := len(r.members) - 1
	r.members[at] = r.members[last]
	r.places[r.members[at]] = at
	r.members = r.members[:last]
	delete(r.places, c)
	if last == 0 {
		delete(rooms, name)
	}
}

// broadcast frames once and writes to each member. It holds the rooms' lock
// meanwhile, which keeps broadcasts in order.
func broadcast(rest []byte) {
	field := func(key string) []byte {
		_, after, _ := bytes.Cut(rest, []byte(`"`+key+`":"`))
		value, _, _ := bytes.Cut(after, []byte(`"`))
		return value
	}
	text := append([]byte(`42["`), field("event")...)
	text = append(text, `","`...)
	text = append(append(text, field("data")...), `"]`...)
	frame := appendFrame(nil, text)
	roomsMu.Lock()
	defer roomsMu.Unlock()
	r := rooms[string(field("room"))]
	if r == nil {
		return
	}
	for _, m := range r.members {
		_, _ = m.conn.Write(frame) // its reader notices when it is gone
	}
}
