package main

import (
	"encoding/json"
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
		"sock/rooms":         onSocket(rooms),
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

// texts returns a parameter that is a string or a list of strings. ok is false
// when it is something else.
func texts(v action.Value) (list []string, ok bool) {
	var one string
	if v.Decode(&one) == nil && len(v.JSON()) > 0 && v.JSON()[0] == '"' {
		return []string{one}, true
	}
	if v.Decode(&list) == nil && list != nil {
		return list, true
	}
	return nil, false
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
		if err := a.app.Sockets().Join(r.Context(), id, room.String()); err != nil {
			action.ServerError(w, r, err.Error())
			return
		}
	}
	action.JSON(w, r, defined("joined", room))
}

func (a *application) leave(w http.ResponseWriter, r *http.Request, s *socketio.Socket) {
	room := action.Param(r, "room")
	for _, id := range a.targets(r, s) {
		if err := a.app.Sockets().Leave(r.Context(), id, room.String()); err != nil {
			action.ServerError(w, r, err.Error())
			return
		}
	}
	action.JSON(w, r, defined("left", room))
}

// targets are the sockets a request names, else the one it came over.
func (a *application) targets(r *http.Request, s *socketio.Socket) []string {
	if ids, ok := texts(action.Param(r, "socketId")); ok {
		return ids
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
	var in struct {
		IncludeSourceRoom  *bool `json:"includeSourceRoom"`
		IncludeSocketRooms bool  `json:"includeSocketRooms"`
	}
	if v := action.Param(r, "options"); v.Defined() {
		_ = v.Decode(&in) // options of another form mean nothing
	}
	opts := sailsio.LeaveAllOptions{
		KeepSourceRoom: in.IncludeSourceRoom != nil && !*in.IncludeSourceRoom,
		SocketRooms:    in.IncludeSocketRooms,
	}
	if err := a.app.Sockets().LeaveAll(r.Context(), source, opts); err != nil {
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
	to, _ := texts(action.Param(r, "to"))
	if err := a.app.Sockets().AddRoomMembersToRooms(r.Context(), source, to...); err != nil {
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
	to, _ := texts(action.Param(r, "to"))
	if err := a.app.Sockets().RemoveRoomMembersFromRooms(r.Context(), source, to...); err != nil {
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
	return "", payload(ev)
}

func (a *application) broadcast(w http.ResponseWriter, r *http.Request) {
	target := action.Param(r, "rooms")
	if !target.Defined() {
		target = action.Param(r, "room")
	}
	list, _ := texts(target)
	name, data := event(r)
	opt := sailsio.Omit()
	if action.Param(r, "event").Defined() {
		opt = omitted(r)
	}
	if err := a.app.Sockets().BroadcastRooms(r.Context(), list, name, data, opt); err != nil {
		action.ServerError(w, r, err)
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
		action.ServerError(w, r, err)
		return
	}
	action.JSON(w, r, object{"sent": true})
}

func rooms(w http.ResponseWriter, r *http.Request, s *socketio.Socket) {
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
	if err := s.Emit(action.Param(r, "event").String(), args...); err != nil {
		action.ServerError(w, r, err)
		return
	}
	action.JSON(w, r, object{"emitted": true})
}

// ackOrder sends something before and after its answer.
func ackOrder(w http.ResponseWriter, r *http.Request, s *socketio.Socket) {
	_ = s.Emit("order", object{"n": 1})
	action.JSON(w, r, object{"n": 2})
	if f, ok := w.(http.Flusher); ok {
		f.Flush() // the answer leaves now
	}
	_ = s.Emit("order", object{"n": 3})
}
