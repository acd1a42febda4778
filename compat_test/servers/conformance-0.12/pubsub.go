package main

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"github.com/go-sails/sails/sailsio"
	"github.com/go-sails/sails/sailsio/action"
)

// A method calls one method of a model and returns the answer.
type method func(ctx context.Context, m *sailsio.Model, r *http.Request) (any, error)

var published = object{"published": true}

// pubsubMethods are the routes below /rps/. What a call does not accept does
// nothing, as in Sails, where it is only logged.
var pubsubMethods = map[string]method{
	"watch": func(ctx context.Context, m *sailsio.Model, r *http.Request) (any, error) {
		_ = m.Watch(ctx, sailsio.SocketID(r))
		return object{"watched": orNull(action.Param(r, "model"))}, nil
	},
	"unwatch": func(ctx context.Context, m *sailsio.Model, r *http.Request) (any, error) {
		_ = m.Unwatch(ctx, sailsio.SocketID(r))
		return object{"unwatched": orNull(action.Param(r, "model"))}, nil
	},
	"subscribe": func(ctx context.Context, m *sailsio.Model, r *http.Request) (any, error) {
		contexts := contextsOf(r)
		if v := value(action.Param(r, "contexts")); v == true || slices.Equal(contexts, []string{"*"}) { // all of them (PO-11)
			contexts = m.Contexts()
		}
		_ = m.SubscribeTo(ctx, sailsio.SocketID(r), contexts, values(r, "ids")...)
		return object{"subscribed": orNull(action.Param(r, "ids"))}, nil
	},
	"unsubscribe": func(ctx context.Context, m *sailsio.Model, r *http.Request) (any, error) {
		contexts := contextsOf(r)
		if raw := action.Param(r, "contexts").JSON(); len(raw) > 2 && raw[0] == '"' {
			contexts = strings.Split(contexts[0], "") // a text is taken apart (PO-12)
		} else if value(action.Param(r, "contexts")) == true {
			contexts = m.Contexts()
		}
		_ = m.UnsubscribeFrom(ctx, sailsio.SocketID(r), contexts, values(r, "ids")...)
		return object{"unsubscribed": orNull(action.Param(r, "ids"))}, nil
	},
	"publishCreate": func(ctx context.Context, m *sailsio.Model, r *http.Request) (any, error) {
		_ = m.PublishCreate(ctx, value(action.Param(r, "values")), options(r)...)
		return published, nil
	},
	"publishUpdate": func(ctx context.Context, m *sailsio.Model, r *http.Request) (any, error) {
		_ = m.PublishUpdate(ctx, value(action.Param(r, "id")), value(action.Param(r, "changes")), options(r)...)
		return published, nil
	},
	"publishDestroy": func(ctx context.Context, m *sailsio.Model, r *http.Request) (any, error) {
		_ = m.PublishDestroy(ctx, value(action.Param(r, "id")), options(r)...)
		return published, nil
	},
	"publishAdd": func(ctx context.Context, m *sailsio.Model, r *http.Request) (any, error) {
		_ = m.PublishAdd(ctx, value(action.Param(r, "id")), action.Param(r, "alias").String(), value(action.Param(r, "added")), options(r)...)
		return published, nil
	},
	"publishRemove": func(ctx context.Context, m *sailsio.Model, r *http.Request) (any, error) {
		if raw := action.Param(r, "removed").JSON(); len(raw) > 0 && raw[0] == '{' {
			return published, nil // wants a key
		}
		_ = m.PublishRemove(ctx, value(action.Param(r, "id")), action.Param(r, "alias").String(), value(action.Param(r, "removed")), options(r)...)
		return published, nil
	},
	"message": func(ctx context.Context, m *sailsio.Model, r *http.Request) (any, error) {
		_ = m.Message(ctx, value(action.Param(r, "id")), raw(action.Param(r, "data")), omitted(r))
		return published, nil
	},
	"publish": func(ctx context.Context, m *sailsio.Model, r *http.Request) (any, error) {
		_ = m.PublishTo(ctx, action.Param(r, "context").String(), action.Param(r, "event").String(), value(action.Param(r, "ids")), raw(action.Param(r, "data")), omitted(r))
		return published, nil
	},
	"introduce": func(ctx context.Context, m *sailsio.Model, r *http.Request) (any, error) {
		_ = m.Introduce(ctx, value(action.Param(r, "id")))
		return object{"introduced": orNull(action.Param(r, "id"))}, nil
	},
	"retire": func(ctx context.Context, m *sailsio.Model, r *http.Request) (any, error) {
		_ = m.Retire(ctx, value(action.Param(r, "id")))
		return object{"retired": orNull(action.Param(r, "id"))}, nil
	},
	"subscribers": func(_ context.Context, m *sailsio.Model, r *http.Request) (any, error) {
		return counted(m.Subscribers(value(action.Param(r, "id")), texts(action.Param(r, "context"))...), r), nil
	},
	"watchers": func(_ context.Context, m *sailsio.Model, r *http.Request) (any, error) {
		return counted(m.Watchers(), r), nil
	},
	"contexts": func(_ context.Context, m *sailsio.Model, _ *http.Request) (any, error) {
		return object{"contexts": m.Contexts()}, nil
	},
	"room": func(_ context.Context, m *sailsio.Model, r *http.Request) (any, error) {
		var room any
		contexts := texts(action.Param(r, "context"))
		if contexts == nil {
			contexts = []string{"undefined"} // what JavaScript makes of no context
		}
		if name := m.RoomName(value(action.Param(r, "id")), contexts...); name != "" {
			room = name
		}
		return object{"room": room, "classRoom": m.ClassRoom()}, nil
	},
}

func (a *application) onModel(call method) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name := action.Param(r, "model")
		if _, ok := a.schema.Model(name.String()); !ok {
			action.JSON(action.Status(w, http.StatusNotFound), r, object{"unknownModel": orNull(name)})
			return
		}
		answer, err := call(r.Context(), a.app.Model(name.String()), r)
		if err != nil {
			action.ServerError(w, r, err)
			return
		}
		action.JSON(w, r, answer)
	})
}

// options are those of the publish methods that the request has.
func options(r *http.Request) []sailsio.Option {
	opts := []sailsio.Option{omitted(r)}
	if v := action.Param(r, "previous"); v.Defined() {
		opts = append(opts, sailsio.Previous(value(v)))
	}
	if v := value(action.Param(r, "noReverse")); v == true {
		opts = append(opts, sailsio.NoReverse())
	}
	if v := value(action.Param(r, "noIntroduce")); v == true {
		opts = append(opts, sailsio.NoIntroduce())
	}
	return opts
}

// counted says how many sockets there are and whether the requester is one.
func counted(sockets []string, r *http.Request) object {
	return object{"count": len(sockets), "me": slices.Contains(sockets, sailsio.SocketID(r))}
}

// texts reads a list of texts or a single one; nil when there is none.
func texts(v action.Value) []string {
	if !v.Defined() {
		return nil
	}
	var list []string
	if v.Decode(&list) == nil {
		return list
	}
	return []string{v.String()}
}

// contextsOf are the contexts of a request; nil when they are what JavaScript
// takes for false (PO-11).
func contextsOf(r *http.Request) []string {
	v := action.Param(r, "contexts")
	if text := v.String(); text == "" || text == "false" || text == "0" {
		return nil
	}
	return texts(v)
}

// values are the members of a list, or a single value.
func values(r *http.Request, name string) []any {
	v := action.Param(r, name)
	if !v.Defined() {
		return nil
	}
	if list, ok := value(v).([]any); ok && len(list) > 0 {
		return list
	}
	return []any{value(v)}
}

// raw is a parameter as it was sent, nil when it is missing.
func raw(v action.Value) any {
	if !v.Defined() {
		return nil
	}
	return json.RawMessage(v.JSON())
}
