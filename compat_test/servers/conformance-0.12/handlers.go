package main

import (
	"errors"
	"maps"
	"net/http"
	"slices"
	"time"

	"github.com/go-sails/sails/sailsio"
	"github.com/go-sails/sails/sailsio/action"
	"github.com/go-sails/sails/sailsio/model"
	"github.com/go-sails/sails/sailsio/sqlstore"
)

type object = map[string]any

func ping(w http.ResponseWriter, r *http.Request) { action.Send(w, r, "pong") }

// reset prepares the server for the next scenario.
func (a *application) reset(w http.ResponseWriter, r *http.Request) {
	ns := a.app.IO().Of("/")
	if ns.Len() > 0 {
		if err := ns.DisconnectSockets(r.Context(), true); err != nil {
			action.ServerError(w, r, err)
			return
		}
		select {
		case <-time.After(60 * time.Millisecond):
		case <-r.Context().Done():
		}
	}
	if err := a.store.Migrate(r.Context(), sqlstore.Drop, nil); err != nil {
		action.ServerError(w, r, err)
		return
	}
	action.JSON(w, r, object{"reset": true})
}

func hello(w http.ResponseWriter, r *http.Request) {
	action.JSON(w, r, object{"hello": orNull(action.Param(r, "id"))})
}

// seedUser creates a record and announces it.
func (a *application) seedUser(w http.ResponseWriter, r *http.Request) {
	users, _ := a.schema.Model("user")
	values := model.Record{"name": value(action.Param(r, "name")), "age": value(action.Param(r, "age"))}
	record, err := a.store.Create(r.Context(), users, values)
	if err != nil {
		var usage *model.UsageError
		if errors.As(err, &usage) {
			action.BadRequest(w, r, object{"code": "E_VALIDATION", "status": http.StatusBadRequest, "model": "User", "message": err.Error()})
			return
		}
		action.ServerError(w, r, err)
		return
	}
	answer := users.Public(record)
	if !action.Param(r, "age").Defined() {
		answer["age"] = nil // it was named, without a value
	}
	// The record itself has its collections, its JSON has not.
	whole := maps.Clone(answer)
	whole["pets"], whole["groups"] = []any{}, []any{}
	if err := a.app.Model("user").PublishCreate(r.Context(), whole); err != nil {
		action.ServerError(w, r, err)
		return
	}
	action.JSON(w, r, answer)
}

func (a *application) join(w http.ResponseWriter, r *http.Request) {
	room := action.Param(r, "room")
	_ = a.app.Sockets().Join(r.Context(), sailsio.SocketID(r), room.String()) // over plain HTTP nothing happens
	action.JSON(w, r, object{"joined": room})
}

func (a *application) leave(w http.ResponseWriter, r *http.Request) {
	room := action.Param(r, "room")
	_ = a.app.Sockets().Leave(r.Context(), sailsio.SocketID(r), room.String())
	action.JSON(w, r, object{"left": room})
}

func (a *application) broadcast(w http.ResponseWriter, r *http.Request) {
	target := action.Param(r, "rooms")
	if !target.Defined() {
		target = action.Param(r, "room")
	}
	var list []string
	if target.Decode(&list) != nil {
		list = []string{target.String()}
	}
	err := a.app.Sockets().BroadcastRooms(r.Context(), list, action.Param(r, "event").String(), value(action.Param(r, "data")), omitted(r))
	if err != nil {
		action.ServerError(w, r, err)
		return
	}
	action.JSON(w, r, object{"sent": true})
}

func (a *application) blast(w http.ResponseWriter, r *http.Request) {
	err := a.app.Sockets().Blast(r.Context(), action.Param(r, "event").String(), value(action.Param(r, "data")), omitted(r))
	if err != nil {
		action.ServerError(w, r, err)
		return
	}
	action.JSON(w, r, object{"sent": true})
}

func rooms(w http.ResponseWriter, r *http.Request) {
	socket, ok := sailsio.SocketFromContext(r.Context())
	if !ok {
		action.ServerError(w, r)
		return
	}
	list := slices.DeleteFunc(socket.Rooms(), func(room string) bool { return room == socket.ID() })
	slices.Sort(list)
	if list == nil {
		list = []string{}
	}
	action.JSON(w, r, object{"rooms": list})
}

// value is a parameter as encoding/json decodes it, nil when it is missing.
func value(v action.Value) any {
	var out any
	_ = v.Decode(&out)
	return out
}

func orNull(v action.Value) any {
	if v.Defined() {
		return v
	}
	return nil
}

// omitted leaves out the requester when the request says so.
func omitted(r *http.Request) sailsio.Option {
	if action.Param(r, "omit").String() == "me" {
		return sailsio.By(r)
	}
	return sailsio.Omit()
}
