package blueprint

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"time"

	"github.com/go-sails/sails/sailsio/action"
	"github.com/go-sails/sails/sailsio/model"
)

// call is one request to an action.
type call struct {
	api *API
	e   *exposed
	m   *model.Model
	r   *http.Request
	o   *Options
	// later are the things to do when the transaction has been committed, in order.
	later []func(ctx context.Context) error
	// giveTurn gives back the turn of the record that was written; nil without one.
	giveTurn func()
}

// errNotFound ends an action with 404.
var errNotFound = errors.New("blueprint: no such record")

// handler returns the handler of an action of a model.
func (api *API) handler(e *exposed, name Action, assoc *model.Association) http.Handler {
	run := map[Action]func(*call, context.Context) (any, error){
		Find: (*call).find, FindOne: (*call).findOne, Create: (*call).create, Update: (*call).update, Destroy: (*call).destroy,
		Populate: (*call).populate, Add: (*call).add, Remove: (*call).remove, Replace: (*call).replace,
	}[name]
	status := http.StatusOK
	if api.cfg.Sails012 {
		run = map[Action]func(*call, context.Context) (any, error){
			Find: (*call).find012, FindOne: (*call).findOne012, Create: (*call).create012, Update: (*call).update, Destroy: (*call).destroy012,
			Populate: (*call).populate012, Add: (*call).add012, Remove: (*call).remove012,
		}[name]
		if name == Create {
			status = http.StatusCreated
		}
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := action.ParseBody(r); err != nil {
			action.BadRequest(w, r, api.usageBody(r, &model.UsageError{Code: model.InvalidNewRecord, Details: "The body of the request cannot be read: it is no JSON object or array, or too long."}))
			return
		}
		body, err := api.try(r, func() (any, error) {
			c := &call{api: api, e: e, m: e.m, r: r}
			return c.answer(name, assoc, run)
		})
		if err != nil {
			api.fail(w, r, err)
			return
		}
		action.JSON(action.Status(w, status), r, body)
	})
}

// attempts bounds how often an action is tried whose write conflicts with others.
const attempts = 5

// try runs an action until no other write gets in its way. Whoever lost has changed
// nothing and told nobody, and begins from the start.
func (api *API) try(r *http.Request, run func() (any, error)) (any, error) {
	for n := 1; ; n++ {
		body, err := run()
		if !errors.Is(err, model.ErrConflict) || n == attempts {
			return body, err
		}
		pause := time.NewTimer(rand.N(time.Duration(n) * 10 * time.Millisecond))
		select {
		case <-pause.C:
		case <-r.Context().Done():
			pause.Stop()
			return nil, err
		}
	}
}

func (c *call) answer(name Action, assoc *model.Association, run func(*call, context.Context) (any, error)) (any, error) {
	read := c.api.options
	if c.api.cfg.Sails012 {
		read = c.api.options012
	}
	parse := func() (*Options, error) {
		o, err := read(c.r, c.e, name, assoc)
		if err == nil {
			err = c.api.membersBounded(o)
		}
		return o, err
	}
	var err error
	if c.e.Parse != nil {
		c.o, err = c.e.Parse(c.r, parse)
	} else {
		c.o, err = parse()
	}
	if err != nil {
		return nil, err
	}
	defer c.done()
	body, err := run(c, c.r.Context())
	if err != nil {
		return nil, err
	}
	c.notify()
	return body, nil
}

// notify does what was put off until the write is committed. It goes on when the
// client goes away meanwhile: others are waiting for the news.
func (c *call) notify() {
	if c.api.cfg.Notifier == nil {
		return
	}
	ctx := context.WithoutCancel(c.r.Context())
	for _, do := range c.later {
		if err := do(ctx); err != nil {
			c.api.log.Warn("blueprint: a notification failed", "model", c.m.Identity, "action", string(c.o.Action), "error", err)
		}
	}
}

// then puts something off until the write is committed.
func (c *call) then(do func(ctx context.Context, n Notifier) error) {
	if n := c.api.cfg.Notifier; n != nil {
		c.later = append(c.later, func(ctx context.Context) error { return do(ctx, n) })
	}
}

// by is the request that notifications leave out.
func (c *call) by(mirror bool) *http.Request {
	if mirror || c.api.cfg.MirrorAll {
		return nil
	}
	return c.r
}

func (c *call) subscribe(m *model.Model, ids ...any) {
	c.then(func(_ context.Context, n Notifier) error { return n.Subscribe(c.r, m, ids) })
}

// fail answers an error.
func (api *API) fail(w http.ResponseWriter, r *http.Request, err error) {
	if api.cfg.Sails012 && api.fail012(w, r, err) {
		return
	}
	var usage *model.UsageError
	var unique *model.UniqueError
	var bad unparsable
	switch {
	case errors.Is(err, errNotFound):
		action.NotFound(w, r)
	case api.cfg.Strict && errors.As(err, &bad):
		action.ServerError(w, r, bad)
	case errors.As(err, &usage):
		action.BadRequest(w, r, api.usageBody(r, usage))
	case errors.As(err, &unique):
		names := unique.Attributes
		if names == nil {
			names = []string{}
		}
		action.BadRequest(w, r, map[string]any{
			"code":          unique.Code(),
			"message":       "Would violate uniqueness constraint-- a record already exists with conflicting value(s).",
			"modelIdentity": unique.Model,
			"attrNames":     names,
		})
	case r.Context().Err() != nil: // the client went, and with it the query
		api.log.Debug("blueprint: an action was given up", "method", r.Method, "path", action.Path(r), "error", err)
		action.ServerError(w, r, err)
	default:
		api.log.Error("blueprint: an action failed", "method", r.Method, "path", action.Path(r), "error", err)
		action.ServerError(w, r, err)
	}
}

// usageBody is the body of the answer to a usage error (BP-11).
func (api *API) usageBody(r *http.Request, err *model.UsageError) map[string]any {
	message := "The server could not fulfill this request (`" + r.Method + " " + action.Path(r) + "`) due to a problem with the parameters that were sent.  See the `details` for more info."
	if !api.cfg.Production {
		message += "  **The following additional tip will not be shown in production**:  Tip: Check your client-side code to make sure that the request data it sends matches the expectations of the corresponding attributes in your model.  Also check that your client-side code sends data for every required attribute."
	}
	return map[string]any{"code": err.Code, "details": err.Details, "message": message}
}
