package blueprint

import (
	"context"
	"net/http"

	"github.com/go-sails/sails/sailsio"
	"github.com/go-sails/sails/sailsio/model"
)

// Notifier is the resourceful pubsub that the actions use. by is the request on
// whose behalf something is published: its socket is left out, and by PublishAdd
// subscribed to the added record; nil when the requester is to be told too.
// Requests that came over plain HTTP have no effect. Errors are logged: what is
// published has happened already.
type Notifier interface {
	Subscribe(r *http.Request, m *model.Model, ids []any) error
	Unsubscribe(r *http.Request, m *model.Model, ids []any) error
	Watch(r *http.Request, m *model.Model) error

	// PublishCreate subscribes those who watch the model to the record,
	// PublishDestroy ends the subscriptions to it.
	PublishCreate(ctx context.Context, m *model.Model, record model.Record, by *http.Request) error
	PublishUpdate(ctx context.Context, m *model.Model, id any, changes, previous model.Record, by *http.Request) error
	PublishDestroy(ctx context.Context, m *model.Model, id any, previous model.Record, by *http.Request) error
	// PublishAdd and PublishRemove tell the other side of the association too
	// unless noReverse.
	PublishAdd(ctx context.Context, m *model.Model, id any, alias string, added any, by *http.Request, noReverse bool) error
	PublishRemove(ctx context.Context, m *model.Model, id any, alias string, removed any, by *http.Request, noReverse bool) error
}

// App is the Notifier of a sailsio.App. The app must know the models
// (sailsio.Config.Models).
func App(app *sailsio.App) Notifier { return pubsub{app} }

type pubsub struct{ app *sailsio.App }

func (p pubsub) of(m *model.Model) *sailsio.Model { return p.app.Model(m.Identity) }

func (p pubsub) Subscribe(r *http.Request, m *model.Model, ids []any) error {
	socket := sailsio.SocketID(r)
	if socket == "" || len(ids) == 0 {
		return nil
	}
	return p.of(m).Subscribe(r.Context(), socket, ids...)
}

func (p pubsub) Unsubscribe(r *http.Request, m *model.Model, ids []any) error {
	socket := sailsio.SocketID(r)
	if socket == "" || len(ids) == 0 {
		return nil
	}
	return p.of(m).Unsubscribe(r.Context(), socket, ids...)
}

func (p pubsub) Watch(r *http.Request, m *model.Model) error {
	socket := sailsio.SocketID(r)
	if socket == "" {
		return nil
	}
	return p.of(m).Watch(r.Context(), socket)
}

func (p pubsub) PublishCreate(ctx context.Context, m *model.Model, record model.Record, by *http.Request) error {
	return p.of(m).PublishCreate(ctx, record, sailsio.By(by))
}

func (p pubsub) PublishUpdate(ctx context.Context, m *model.Model, id any, changes, previous model.Record, by *http.Request) error {
	return p.of(m).PublishUpdate(ctx, id, changes, sailsio.By(by), sailsio.Previous(previous))
}

func (p pubsub) PublishDestroy(ctx context.Context, m *model.Model, id any, previous model.Record, by *http.Request) error {
	return p.of(m).PublishDestroy(ctx, id, sailsio.By(by), sailsio.Previous(previous))
}

func (p pubsub) PublishAdd(ctx context.Context, m *model.Model, id any, alias string, added any, by *http.Request, noReverse bool) error {
	return p.of(m).PublishAdd(ctx, id, alias, added, reverse(by, noReverse)...)
}

func (p pubsub) PublishRemove(ctx context.Context, m *model.Model, id any, alias string, removed any, by *http.Request, noReverse bool) error {
	return p.of(m).PublishRemove(ctx, id, alias, removed, reverse(by, noReverse)...)
}

func reverse(by *http.Request, noReverse bool) []sailsio.Option {
	if noReverse {
		return []sailsio.Option{sailsio.By(by), sailsio.NoReverse()}
	}
	return []sailsio.Option{sailsio.By(by)}
}
