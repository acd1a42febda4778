package main

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"
)

// Everything visitors can make the server remember is bounded.
const (
	maxRooms    = 200 // in all
	maxHistory  = 50  // messages per room
	maxText     = 500 // characters
	maxNameSize = 24  // characters of a name, of a room's name too
)

var (
	errTooManyRooms = errors.New("there are too many rooms already")
	errRoomName     = errors.New("a room's name has 1 to 24 letters, digits or dashes")
	errName         = errors.New("a name has 1 to 24 characters")
	errText         = errors.New("a message has 1 to 500 characters")
)

// A Message is one line of a conversation.
type Message struct {
	ID   int       `json:"id"`
	From string    `json:"from"`
	Text string    `json:"text"`
	At   time.Time `json:"at"`
}

// A Member is somebody present in a room.
type Member struct {
	ID   string `json:"id"` // of the socket
	Name string `json:"name"`
}

// A Room is what somebody who enters it sees.
type Room struct {
	Name     string    `json:"name"`
	Members  []Member  `json:"members"`
	Messages []Message `json:"messages"`
}

// A RoomSummary is a room in the list of rooms.
type RoomSummary struct {
	Name    string `json:"name"`
	Members int    `json:"members"`
}

type room struct {
	members map[string]string // socket id -> name
	history []Message
	lastID  int
}

// rooms is the memory of the chat. Safe for concurrent use.
type rooms struct {
	mu  sync.Mutex
	all map[string]*room // guarded by mu
}

func newRooms(names ...string) *rooms {
	r := &rooms{all: map[string]*room{}}
	for _, name := range names {
		r.all[name] = &room{members: map[string]string{}}
	}
	return r
}

// open returns the room of that name, a new one if need be. The caller holds mu.
func (r *rooms) open(name string) (*room, error) {
	if rm := r.all[name]; rm != nil {
		return rm, nil
	}
	if !validRoom(name) {
		return nil, errRoomName
	}
	if len(r.all) >= maxRooms {
		return nil, errTooManyRooms
	}
	rm := &room{members: map[string]string{}}
	r.all[name] = rm
	return rm, nil
}

func (r *rooms) list() []RoomSummary {
	r.mu.Lock()
	defer r.mu.Unlock()
	list := make([]RoomSummary, 0, len(r.all))
	for _, name := range slices.Sorted(maps.Keys(r.all)) {
		list = append(list, RoomSummary{name, len(r.all[name].members)})
	}
	return list
}

// look describes a room; one that nobody has opened is empty.
func (r *rooms) look(name string) Room {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := Room{Name: name, Members: []Member{}, Messages: []Message{}}
	if rm := r.all[name]; rm != nil {
		out.Members = rm.list()
		out.Messages = append(out.Messages, rm.history...)
	}
	return out
}

// join makes a socket a member, or renames it. fresh is false for a rename.
func (r *rooms) join(name, socket, who string) (m Member, fresh bool, err error) {
	who = strings.TrimSpace(who)
	if n := utf8.RuneCountInString(who); n == 0 || n > maxNameSize {
		return Member{}, false, errName
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	rm, err := r.open(name)
	if err != nil {
		return Member{}, false, err
	}
	_, known := rm.members[socket]
	rm.members[socket] = who
	return Member{socket, who}, !known, nil
}

// leave ends a membership; false when there was none.
func (r *rooms) leave(name, socket string) (Member, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	rm := r.all[name]
	if rm == nil {
		return Member{}, false
	}
	who, ok := rm.members[socket]
	delete(rm.members, socket)
	return Member{socket, who}, ok
}

// leaveAll ends all memberships of a socket and says which those were.
func (r *rooms) leaveAll(socket string) map[string]Member {
	r.mu.Lock()
	defer r.mu.Unlock()
	left := map[string]Member{}
	for name, rm := range r.all {
		if who, ok := rm.members[socket]; ok {
			delete(rm.members, socket)
			left[name] = Member{socket, who}
		}
	}
	return left
}

// say adds a message. A member speaks under the name it has in the room.
func (r *rooms) say(name, socket, from, text string) (Message, error) {
	text = strings.TrimSpace(text)
	if n := utf8.RuneCountInString(text); n == 0 || n > maxText {
		return Message{}, errText
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	rm, err := r.open(name)
	if err != nil {
		return Message{}, err
	}
	if who, ok := rm.members[socket]; ok {
		from = who
	}
	from = strings.TrimSpace(from)
	if from == "" {
		from = "somebody"
	}
	if utf8.RuneCountInString(from) > maxNameSize {
		return Message{}, errName
	}
	rm.lastID++
	m := Message{rm.lastID, from, text, time.Now().UTC()}
	if rm.history = append(rm.history, m); len(rm.history) > maxHistory {
		rm.history = slices.Delete(rm.history, 0, len(rm.history)-maxHistory)
	}
	return m, nil
}

func (rm *room) list() []Member {
	list := make([]Member, 0, len(rm.members))
	for id, name := range rm.members {
		list = append(list, Member{id, name})
	}
	slices.SortFunc(list, func(a, b Member) int {
		return strings.Compare(strings.ToLower(a.Name)+a.ID, strings.ToLower(b.Name)+b.ID)
	})
	return list
}

func validRoom(name string) bool {
	if n := utf8.RuneCountInString(name); n == 0 || n > maxNameSize {
		return false
	}
	return !strings.ContainsFunc(name, func(c rune) bool { return c != '-' && !unicode.IsLetter(c) && !unicode.IsDigit(c) })
}
