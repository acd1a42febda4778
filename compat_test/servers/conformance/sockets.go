package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"

	"github.com/go-sails/sails/sailsio"
	"github.com/go-sails/sails/sailsio/action"
	"github.com/go-sails/sails/socketio"
)

// socketActions are thin wrappers around sails.sockets.
func (a *application) socketActions() map[string]http.Handler {
	return map[string]http.Handler{
		"sock/id":            onSocket(socketID),
		"sock/join":          onSocket(a.join),
		"sock/leave":         onSocket(a.leave),
		"sock/leaveall":      http.HandlerFunc(a.leaveAll),
		"sock/broadcast":     http.HandlerFunc(a.broadcast),
		"sock/blast":         http.HandlerFunc(a.blast),
		"sock/addmembers":    http.HandlerFunc(a.addMembers),
		"sock/removemembers": http.HandlerFunc(a.removeMembers),
		"sock/rooms":         onSocket(socketRooms),
		"sock/emit":          onSocket(emit),
		"sock/ackorder":      onSocket(ackOrder),
	}
}

// onSocket answers requests that came over plain HTTP itself.
func onSocket(h func(http.ResponseWriter, *http.Request, *socketio.Socket)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		socket, ok := sailsio.SocketFromContext(r.Context())
		if !ok {
			action.BadRequest(w, r, "not a socket")
			return
		}
		h(w, r, socket)
	})
}

// texts returns the strings of a parameter that is one or a list; others in it
// are skipped, as Sails does (SK-25, SK-28).
func texts(v action.Value) []string {
	if one, ok := oneText(v); ok && one != "" {
		return []string{one}
	}
	var list []any
	_ = v.Decode(&list)
	var out []string
	for _, element := range list {
		if text, ok := element.(string); ok && text != "" {
			out = append(out, text)
		}
	}
	return out
}

// rooms are the names a broadcast goes to: numbers are names too.
func rooms(v action.Value) []string {
	var list []any
	if v.Decode(&list) != nil {
		list = []any{v}
	}
	var out []string // nil for null
	for _, element := range list {
		if name := fmt.Sprint(element); element != nil && name != "" {
			out = append(out, name)
		}
	}
	return out
}

// nowhere reports whether an operation had no room to do something with, which
// Sails does not mind.
func nowhere(err error) bool {
	return errors.Is(err, sailsio.ErrEmptyRoom) || errors.Is(err, sailsio.ErrNotSocket)
}

// failed answers what went wrong. Names of events that are reserved are the
// client's fault, and told in the words of Sails.
func failed(w http.ResponseWriter, r *http.Request, event string, err error) {
	if errors.Is(err, socketio.ErrReservedEvent) {
		err = fmt.Errorf("%q is a reserved event name", event)
	}
	action.ServerError(w, r, err)
}

// omitted leaves out the requester when it says so.
func omitted(r *http.Request) sailsio.Option {
	if action.Param(r, "omit").String() == "me" {
		return sailsio.Omit(sailsio.SocketID(r))
	}
	return sailsio.Omit()
}

// payload is the data to send: what is missing arrives as null.
func payload(v action.Value) any {
	if !v.Defined() {
		return nil
	}
	return v.JSON()
}

func socketID(w http.ResponseWriter, r *http.Request, s *socketio.Socket) {
	action.JSON(w, r, object{"id": s.ID()})
}

func (a *application) join(w http.ResponseWriter, r *http.Request, s *socketio.Socket) {
	room := action.Param(r, "room")
	for _, id := range a.targets(r, s) {
		if err := a.app.Sockets().Join(r.Context(), id, rooms(room)...); err != nil && !nowhere(err) {
			action.ServerError(w, r, err.Error())
			return
		}
	}
	action.JSON(w, r, defined("joined", room))
}

func (a *application) leave(w http.ResponseWriter, r *http.Request, s *socketio.Socket) {
	room := action.Param(r, "room")
	raw := room.JSON()
	list := len(raw) > 0 && raw[0] == '['
	for _, id := range a.targets(r, s) {
		if _, here := a.app.IO().Of("/").Socket(id); here && list {
			continue // a socket leaves one room at a time
		}
		if err := a.app.Sockets().Leave(r.Context(), id, rooms(room)...); err != nil && !nowhere(err) {
			action.ServerError(w, r, err.Error())
			return
		}
	}
	action.JSON(w, r, defined("left", room))
}

// targets are the sockets a request names, else the one it came over.
func (a *application) targets(r *http.Request, s *socketio.Socket) []string {
	if named := action.Param(r, "socketId"); named.Defined() {
		return texts(named)
	}
	return []string{s.ID()}
}

// defined is an object with one member, or none when the value is undefined, as
// JSON.stringify has it.
func defined(name string, v action.Value) object {
	if !v.Defined() {
		return object{}
	}
	return object{name: v}
}

func (a *application) leaveAll(w http.ResponseWriter, r *http.Request) {
	room := action.Param(r, "room")
	source, ok := oneText(room)
	if !ok {
		badSource(w, r, "leaveAllRooms")
		return
	}
	var sent any
	if v := action.Param(r, "options"); v.Defined() {
		_ = v.Decode(&sent)
	}
	var opts sailsio.LeaveAllOptions
	switch sent := sent.(type) { // options that are no object have no defaults in the original
	case map[string]any:
		include, given := sent["includeSourceRoom"]
		opts.KeepSourceRoom = given && include != true
		opts.SocketRooms = sent["includeSocketRooms"] == true
	case string:
		opts.KeepSourceRoom = sent != ""
	case float64:
		opts.KeepSourceRoom = sent != 0
	case bool:
		opts.KeepSourceRoom = sent
	}
	if err := a.app.Sockets().LeaveAll(r.Context(), source, opts); err != nil && !nowhere(err) {
		action.BadRequest(w, r, object{"error": err.Error()})
		return
	}
	action.JSON(w, r, object{"emptied": room})
}

func (a *application) addMembers(w http.ResponseWriter, r *http.Request) {
	source, ok := oneText(action.Param(r, "from"))
	if !ok {
		badSource(w, r, "addRoomMembersToRooms")
		return
	}
	to := texts(action.Param(r, "to"))
	if err := a.app.Sockets().AddRoomMembersToRooms(r.Context(), source, to...); err != nil && !nowhere(err) {
		action.BadRequest(w, r, object{"error": err.Error()})
		return
	}
	action.JSON(w, r, object{"added": true})
}

func (a *application) removeMembers(w http.ResponseWriter, r *http.Request) {
	source, ok := oneText(action.Param(r, "from"))
	if !ok {
		badSource(w, r, "removeRoomMembersFromRooms")
		return
	}
	to := texts(action.Param(r, "to"))
	if err := a.app.Sockets().RemoveRoomMembersFromRooms(r.Context(), source, to...); err != nil && !nowhere(err) {
		action.BadRequest(w, r, object{"error": err.Error()})
		return
	}
	action.JSON(w, r, object{"removed": true})
}

func oneText(v action.Value) (string, bool) {
	if raw := v.JSON(); len(raw) == 0 || raw[0] != '"' {
		return "", false
	}
	return v.String(), true
}

func badSource(w http.ResponseWriter, r *http.Request, method string) {
	action.BadRequest(w, r, object{"error": "Non string value used as `sourceRoom` argument in `" + method + "`"})
}

// isObject reports whether JavaScript calls a value an object: lists and null are.
func isObject(v action.Value) bool {
	raw := v.JSON()
	return !v.Defined() || string(raw) == "null" || raw[0] == '{' || raw[0] == '['
}

// event reads the event and its data as sails.sockets.broadcast does: what is no
// text in the place of the event is the data.
func event(r *http.Request) (name string, data any) {
	ev, d := action.Param(r, "event"), action.Param(r, "data")
	if !ev.Defined() {
		ev, d = d, action.Value{}
	}
	if text, ok := oneText(ev); ok {
		return text, payload(d)
	}
	switch text := ev.String(); {
	case text == "0" || text == "false":
		return "", payload(d)
	case isObject(ev):
		return "", payload(ev)
	default: // a number or true
		return text, payload(d)
	}
}

func (a *application) broadcast(w http.ResponseWriter, r *http.Request) {
	target := action.Param(r, "rooms")
	if !target.Defined() {
		target = action.Param(r, "room")
	}
	list := rooms(target)
	name, data := event(r)
	opt := sailsio.Omit()
	if ev := action.Param(r, "event"); ev.Defined() && !isObject(ev) { // SK-22, SU-1
		opt = omitted(r)
	}
	if err := a.app.Sockets().BroadcastRooms(r.Context(), list, name, data, opt); err != nil {
		failed(w, r, name, err)
		return
	}
	action.JSON(w, r, object{"sent": true})
}

func (a *application) blast(w http.ResponseWriter, r *http.Request) {
	name, data := event(r)
	opt := sailsio.Omit()
	if action.Param(r, "event").Defined() {
		opt = omitted(r)
	}
	if err := a.app.Sockets().Blast(r.Context(), name, data, opt); err != nil {
		failed(w, r, name, err)
		return
	}
	action.JSON(w, r, object{"sent": true})
}

func socketRooms(w http.ResponseWriter, r *http.Request, s *socketio.Socket) {
	own := false
	list := slices.DeleteFunc(s.Rooms(), func(room string) bool {
		own = own || room == s.ID()
		return room == s.ID()
	})
	slices.Sort(list)
	if list == nil {
		list = []string{}
	}
	action.JSON(w, r, object{"rooms": list, "ownRoom": own})
}

func emit(w http.ResponseWriter, r *http.Request, s *socketio.Socket) {
	var list []json.RawMessage
	if v := action.Param(r, "args"); v.Defined() {
		if err := v.Decode(&list); err != nil {
			action.ServerError(w, r, err)
			return
		}
	}
	args := make([]any, len(list))
	for i, raw := range list {
		args[i] = raw
	}
	name := action.Param(r, "event").String()
	if err := s.Emit(name, args...); err != nil {
		failed(w, r, name, err)
		return
	}
	action.JSON(w, r, object{"emitted": true})
}

// ackOrder sends something before and after its answer.
func ackOrder(w http.ResponseWriter, r *http.Request, s *socketio.Socket) {
	_ = s.Emit("order", object{"n": 1})
	action.JSON(w, r, object{"n": 2}) // leaves when the session has been saved, as in Sails
	_ = s.Emit("order", object{"n": 3})
}
