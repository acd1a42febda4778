package main

import (
	"net/http"
	"time"

	"github.com/go-sails/sails/engineio"
	"github.com/go-sails/sails/sailsio"
	"github.com/go-sails/sails/sailsio/action"
)

// goodbyeAfter is how long after the answer /test/drop and /test/kick act.
const goodbyeAfter = 50 * time.Millisecond

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
	if err := a.data.reset(r.Context()); err != nil {
		action.ServerError(w, r, err)
		return
	}
	a.disconnects.Store(0)
	action.JSON(w, r, map[string]bool{"reset": true})
}

func (a *application) stats(w http.ResponseWriter, r *http.Request) {
	action.JSON(w, r, map[string]any{"disconnects": a.disconnects.Load(), "connected": a.app.IO().Of("/").Len()})
}

// drop ends the connection without a Socket.IO packet.
func drop(w http.ResponseWriter, r *http.Request) {
	action.JSON(w, r, map[string]bool{"dropping": true})
	if socket, ok := sailsio.SocketFromContext(r.Context()); ok {
		time.AfterFunc(goodbyeAfter, func() { socket.Session().Close(engineio.ForcedClose) })
	}
}

// kick disconnects the socket with a packet that says so.
func kick(w http.ResponseWriter, r *http.Request) {
	action.JSON(w, r, map[string]bool{"kicking": true})
	if socket, ok := sailsio.SocketFromContext(r.Context()); ok {
		closeSession := action.Param(r, "close").String() == "yes"
		time.AfterFunc(goodbyeAfter, func() { socket.Disconnect(closeSession) })
	}
}
