package main

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/go-sails/sails/sailsio"
	"github.com/go-sails/sails/sailsio/action"
)

// pubsubActions call the methods of a model by hand.
func (a *application) pubsubActions() map[string]http.Handler {
	return map[string]http.Handler{
		"ps/subscribe":   a.onModel(subscribe),
		"ps/unsubscribe": a.onModel(unsubscribe),
		"ps/publish":     a.onModel(publish),
		"ps/room":        a.onModel(roomName),
	}
}

func (a *application) onModel(h func(http.ResponseWriter, *http.Request, *sailsio.Model)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name := action.Param(r, "model")
		if _, ok := a.models.Model(name.String()); !ok {
			action.JSON(action.Status(w, http.StatusNotFound), r, object{"unknownModel": orNull(name)})
			return
		}
		h(w, r, a.app.Model(name.String()))
	})
}

// withIDs calls fn with the records a request names. Only what is null among
// others is an error; over plain HTTP, and for what names no record, nothing
// happens, as in Sails (PS-2).
func withIDs(w http.ResponseWriter, r *http.Request, fn func(ids []any)) bool {
	v := action.Param(r, "ids")
	var list []any
	if v.Decode(&list) == nil && slices.Contains(list, nil) {
		shown := strings.NewReplacer(`[`, "[ ", `]`, " ]", ",", ", ", `"`, "'").Replace(v.String())
		//lint:ignore ST1005 these are the words of Sails
		action.ServerError(w, r, fmt.Errorf("We tried to transform `%s` into an array of IDs, but there was a problem "+
			"(could some values have been `null` or `undefined`?)  Details: Error: Could not coerce value into an array of records!", shown))
		return false
	}
	var one any
	switch {
	case list != nil:
		fn(list)
	case v.Decode(&one) == nil:
		fn([]any{one})
	default:
		fn(nil)
	}
	return true
}

func subscribe(w http.ResponseWriter, r *http.Request, m *sailsio.Model) {
	if !withIDs(w, r, func(ids []any) { _ = m.Subscribe(r.Context(), sailsio.SocketID(r), ids...) }) {
		return
	}
	action.JSON(w, r, object{"subscribed": orNull(action.Param(r, "ids"))})
}

func unsubscribe(w http.ResponseWriter, r *http.Request, m *sailsio.Model) {
	if !withIDs(w, r, func(ids []any) { _ = m.Unsubscribe(r.Context(), sailsio.SocketID(r), ids...) }) {
		return
	}
	action.JSON(w, r, object{"unsubscribed": orNull(action.Param(r, "ids"))})
}

func publish(w http.ResponseWriter, r *http.Request, m *sailsio.Model) {
	if !withIDs(w, r, func(ids []any) { _ = m.Publish(r.Context(), ids, payload(action.Param(r, "data")), omitted(r)) }) {
		return
	}
	action.JSON(w, r, object{"published": true})
}

func roomName(w http.ResponseWriter, r *http.Request, m *sailsio.Model) {
	var id any
	_ = action.Param(r, "id").Decode(&id)
	if _, ok := id.([]any); ok || id == true { // names like any text
		id = scriptText(action.Param(r, "id"))
	}
	var room any
	if name := m.RoomName(id); id == "" && action.Param(r, "id").String() == "[]" {
		room = strings.Replace(m.RoomName("x"), "_x:", "_:", 1) // an empty list is true in JavaScript, and its text ""
	} else if name != "" {
		room = name
	}
	action.JSON(w, r, object{"room": room})
}
