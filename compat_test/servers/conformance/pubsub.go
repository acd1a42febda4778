package main

import (
	"net/http"

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

// ids are the records a request names.
func ids(r *http.Request) []any {
	v := action.Param(r, "ids")
	var list []any
	if v.Decode(&list) == nil {
		return list
	}
	var one any
	if v.Decode(&one) == nil {
		return []any{one}
	}
	return nil
}

func subscribe(w http.ResponseWriter, r *http.Request, m *sailsio.Model) {
	// Over plain HTTP, and for what names no record, nothing happens, as in Sails.
	_ = m.Subscribe(r.Context(), sailsio.SocketID(r), ids(r)...)
	action.JSON(w, r, object{"subscribed": orNull(action.Param(r, "ids"))})
}

func unsubscribe(w http.ResponseWriter, r *http.Request, m *sailsio.Model) {
	_ = m.Unsubscribe(r.Context(), sailsio.SocketID(r), ids(r)...)
	action.JSON(w, r, object{"unsubscribed": orNull(action.Param(r, "ids"))})
}

func publish(w http.ResponseWriter, r *http.Request, m *sailsio.Model) {
	if err := m.Publish(r.Context(), ids(r), payload(action.Param(r, "data")), omitted(r)); err != nil {
		action.ServerError(w, r, err)
		return
	}
	action.JSON(w, r, object{"published": true})
}

func roomName(w http.ResponseWriter, r *http.Request, m *sailsio.Model) {
	var id any
	_ = action.Param(r, "id").Decode(&id)
	var room any
	if name := m.RoomName(id); name != "" {
		room = name
	}
	action.JSON(w, r, object{"room": room})
}
