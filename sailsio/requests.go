package sailsio

import (
	"context"
	"encoding/json"
	"errors"
	"strconv"
	"sync"

	"github.com/go-sails/sails/internal/rawjson"
	"github.com/go-sails/sails/socketio"
	"github.com/go-sails/sails/virtualrequest"
)

// parseErrorEvent tells a client of a message that is no virtual request and has
// no usable acknowledgement (ER-2).
const parseErrorEvent = "sails:parseError"

// serveEvent takes one event that is a virtual request. It runs on the goroutine
// of the socket's events, so it only parses and hands over; it blocks while the
// socket has too many requests running.
func (a *App) serveEvent(ctx context.Context, e *socketio.Event) error {
	if a.closing.Load() {
		return nil // VR-12: dropped
	}
	c := a.connOf(e.Socket())
	silent := !e.WantsAck()
	if e.Len() > 1 { // an argument where the callback belongs
		if !falsy(e.Raw(1)) {
			return a.refuse(c, nil, virtualrequest.NewCallbackError()) // ER-5
		}
		silent = true
	}
	if e.Len() == 0 && !silent {
		return a.refuse(c, nil, virtualrequest.NewNoMessageError()) // ER-8
	}
	answerTo := e
	if silent {
		answerTo = nil
	}
	payload, err := inlined(e.Args())
	if err != nil {
		return err
	}
	call := &call{app: a, conn: c, event: answerTo}
	call.task = call
	err = call.request.Parse(e.Name(), payload)
	if err == nil {
		err = c.tooOld // ER-7: checked last
	}
	if err != nil {
		return a.refuse(c, answerTo, err)
	}
	err = c.lane.submit(ctx, &call.job)
	if errors.Is(err, errOverload) {
		a.counts.overloads.Add(1)
		if answerTo != nil {
			return e.Ack(overload)
		}
		return nil
	}
	return err
}

// overload is the answer to requests beyond the bounds.
var overload = json.RawMessage(`{"body":"Service Unavailable","headers":{},"statusCode":503}`)

// inlined returns the first argument as JSON. Binary parts become base64 text: what
// reads the body of a request expects JSON.
func inlined(args socketio.Args) (json.RawMessage, error) {
	if len(args.Attachments()) == 0 {
		return args.Raw(0), nil
	}
	list, err := args.Slice(0, 1).MarshalJSON()
	if err != nil {
		return nil, err
	}
	return list[1 : len(list)-1], nil
}

// refuse tells the client that its message is no virtual request, by its
// acknowledgement or else by an event (ER-1, ER-2).
func (a *App) refuse(c *conn, e *socketio.Event, fault error) error {
	a.counts.parseErrors.Add(1)
	a.cfg.Logger.Debug("virtual request refused", "socket", c.socket.ID(), "error", fault)
	if e != nil {
		return e.Ack(fault)
	}
	return c.socket.Emit(parseErrorEvent, fault)
}

// call is a request on its way to its handler and back: with all the handler gets
// one allocation, which fills its size class of 896 bytes.
type call struct {
	job
	app     *App
	conn    *conn
	event   *socketio.Event // nil: nobody waits for the answer
	request virtualrequest.Request
}

// Run runs the handler, on a worker.
func (c *call) Run() {
	c.app.dispatcher.Run(c.conn, c.conn.origin, &c.request, c.answer)
}

// answer is called once.
func (c *call) answer(a *virtualrequest.Answer) {
	c.conn.capture(a.SetCookie)
	if c.event == nil {
		return // RS-8: executed all the same
	}
	if err := acknowledge(c.event, a); err != nil && !errors.Is(err, socketio.ErrClosed) {
		c.app.cfg.Logger.Error("virtual request not answered",
			"socket", c.conn.socket.ID(), "url", c.request.URL, "error", err)
	}
}

// answers are buffers for encoded answers.
var answers = sync.Pool{New: func() any { return new(rawjson.Trusted) }}

// maxPooled is the largest buffer worth keeping.
const maxPooled = 64 << 10

// acknowledge sends the answer of a request.
func acknowledge(e *socketio.Event, a *virtualrequest.Answer) error {
	buf := answers.Get().(*rawjson.Trusted)
	defer answers.Put(buf)
	text, ok := a.AppendJSON((*buf)[:0])
	if !ok {
		return e.Ack(a.Response()) // binary
	}
	*buf = text
	err := e.Ack(buf)
	if cap(text) > maxPooled {
		*buf = nil
	}
	return err
}

// falsy tells whether JavaScript would call a JSON value false.
func falsy(raw json.RawMessage) bool {
	switch string(raw) {
	case "null", "false", `""`:
		return true
	}
	f, err := strconv.ParseFloat(string(raw), 64)
	return err == nil && f == 0
}
