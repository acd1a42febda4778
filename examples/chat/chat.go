package main

import (
	"context"
	"embed"
	"encoding/json"
	"errors"
	"io/fs"
	"log/slog"
	"net/http"
	"os"

	"github.com/gorilla/mux"

	"github.com/go-sails/sails/sailsio"
	"github.com/go-sails/sails/socketio"
)

//go:embed static
var static embed.FS

const maxBody = 16 << 10 // bytes of a request over plain HTTP

// chat is the application: its handlers are ordinary ones and do not care whether
// a request came from curl or over a socket.
type chat struct {
	app    *sailsio.App
	rooms  *rooms
	client string // path of sails.io.js
	log    *slog.Logger
}

func newChat(client string, log *slog.Logger) (*chat, error) {
	c := &chat{rooms: newRooms("blue", "green", "orange"), client: client, log: log}
	pages, err := fs.Sub(static, "static")
	if err != nil {
		return nil, err
	}
	r := mux.NewRouter()
	r.HandleFunc("/rooms", c.listRooms).Methods(http.MethodGet)
	r.HandleFunc("/rooms/{room}", c.getRoom).Methods(http.MethodGet)
	r.HandleFunc("/rooms/{room}/members", c.join).Methods(http.MethodPost)
	r.HandleFunc("/rooms/{room}/members/me", c.leave).Methods(http.MethodDelete)
	r.HandleFunc("/rooms/{room}/messages", c.say).Methods(http.MethodPost)
	r.HandleFunc("/sails.io.js", c.serveClient).Methods(http.MethodGet, http.MethodHead)
	r.PathPrefix("/").Handler(secured(http.FileServerFS(pages))).Methods(http.MethodGet, http.MethodHead)
	c.app, err = sailsio.New(sailsio.Config{Handler: r, AfterDisconnect: c.gone, Logger: log})
	return c, err
}

func (c *chat) listRooms(w http.ResponseWriter, _ *http.Request) {
	answer(w, http.StatusOK, c.rooms.list())
}

func (c *chat) getRoom(w http.ResponseWriter, r *http.Request) {
	name := mux.Vars(r)["room"]
	if !validRoom(name) {
		refuse(w, errRoomName)
		return
	}
	answer(w, http.StatusOK, c.rooms.look(name))
}

// join puts the socket into the room and tells those who are in it.
func (c *chat) join(w http.ResponseWriter, r *http.Request) {
	socket, name := sailsio.SocketID(r), mux.Vars(r)["room"]
	if socket == "" {
		refuse(w, errors.New("only a socket can be in a room: plain HTTP may read it and post to it"))
		return
	}
	var in struct{ Name string }
	if err := read(w, r, &in); err != nil {
		refuse(w, err)
		return
	}
	member, fresh, err := c.rooms.join(name, socket, in.Name)
	if err != nil {
		refuse(w, err)
		return
	}
	if err := c.app.Sockets().Join(r.Context(), socket, name); err != nil {
		c.rooms.leave(name, socket) // the tab was closed meanwhile
		refuse(w, err)
		return
	}
	if fresh {
		c.tell(r.Context(), name, "joined", presence{name, member}, sailsio.Omit(socket))
	}
	answer(w, http.StatusOK, c.rooms.look(name))
}

func (c *chat) leave(w http.ResponseWriter, r *http.Request) {
	socket, name := sailsio.SocketID(r), mux.Vars(r)["room"]
	member, ok := c.rooms.leave(name, socket)
	if !ok {
		answer(w, http.StatusNotFound, problem{"you are not in this room"})
		return
	}
	if err := c.app.Sockets().Leave(r.Context(), socket, name); err != nil {
		c.log.Error("leaving a room failed", "room", name, "error", err)
	}
	c.tell(r.Context(), name, "left", presence{name, member})
	answer(w, http.StatusOK, member)
}

// say answers with the message and sends it to everybody in the room, its author
// included.
func (c *chat) say(w http.ResponseWriter, r *http.Request) {
	var in struct{ From, Text string }
	if err := read(w, r, &in); err != nil {
		refuse(w, err)
		return
	}
	name := mux.Vars(r)["room"]
	m, err := c.rooms.say(name, sailsio.SocketID(r), in.From, in.Text)
	if err != nil {
		refuse(w, err)
		return
	}
	c.tell(r.Context(), name, "message", spoken{name, m})
	answer(w, http.StatusCreated, m)
}

// gone runs when a tab was closed or lost its connection.
func (c *chat) gone(ctx context.Context, s *socketio.Socket) error {
	for name, member := range c.rooms.leaveAll(s.ID()) {
		c.tell(ctx, name, "left", presence{name, member})
	}
	return nil
}

type presence struct {
	Room   string `json:"room"`
	Member Member `json:"member"`
}

type spoken struct {
	Room    string  `json:"room"`
	Message Message `json:"message"`
}

type problem struct {
	Problem string `json:"problem"`
}

func (c *chat) tell(ctx context.Context, room, event string, data any, opts ...sailsio.Option) {
	if err := c.app.Sockets().Broadcast(ctx, room, event, data, opts...); err != nil {
		c.log.Error("broadcast failed", "room", room, "event", event, "error", err)
	}
}

func read(w http.ResponseWriter, r *http.Request, v any) error {
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody)).Decode(v); err != nil {
		return errors.New("the body must be a JSON object: " + err.Error())
	}
	return nil
}

func answer(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // the client is gone if this fails
}

func refuse(w http.ResponseWriter, err error) {
	answer(w, http.StatusBadRequest, problem{err.Error()})
}

// serveClient serves the sails.io.js that npm installed, as it is.
func (c *chat) serveClient(w http.ResponseWriter, r *http.Request) {
	text, err := os.ReadFile(c.client)
	if err != nil {
		http.Error(w, "sails.io.js is not installed: run \"npm ci\" in examples/chat", http.StatusNotFound)
		return
	}
	w.Header().Set("Content-Type", "text/javascript; charset=utf-8")
	w.Header().Set("Cache-Control", "no-cache")
	_, _ = w.Write(text)
}

// secured sends the page with a policy that only lets its own files run.
func secured(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", "default-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		w.Header().Set("Referrer-Policy", "same-origin")
		next.ServeHTTP(w, r)
	})
}
