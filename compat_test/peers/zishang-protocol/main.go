// Command zishang-protocol is the protocol server written with
// zishang520/socket.io, a port of the original to Go: the mounts and events that
// the client matrix uses.
package main

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"regexp"
	"sync"
	"syscall"
	"time"

	"github.com/zishang520/engine.io/v2/transports"
	"github.com/zishang520/engine.io/v2/types"
	"github.com/zishang520/socket.io/v2/socket"
)

func main() {
	mux := http.NewServeMux()
	for _, m := range []struct {
		path  string
		quick bool
	}{
		{"/socket.io", true}, {"/ext", false},
		{"/recovery", true}, // without recovery: with Go 1.26 the library panics when it is switched on
	} {
		options := socket.DefaultServerOptions()
		options.SetPath(m.path)
		options.SetAllowEIO3(true)
		options.SetServeClient(false)
		options.SetUpgradeTimeout(600 * time.Millisecond)
		options.SetTransports(types.NewSet(transports.POLLING, transports.WEBSOCKET))
		if m.quick {
			options.SetPingInterval(300 * time.Millisecond)
			options.SetPingTimeout(200 * time.Millisecond)
		}
		io := socket.NewServer(nil, options)
		(&application{io: io, reasons: map[string]string{}}).register()
		mux.Handle(m.path+"/", io.ServeHandler(options))
	}
	listener, err := net.Listen("tcp", "127.0.0.1:"+os.Getenv("PORT"))
	if err != nil {
		fail(err)
	}
	go func() { fail(http.Serve(listener, mux)) }()
	fmt.Println("listening")
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM, os.Interrupt)
	<-stop
}

type application struct {
	io *socket.Server

	mu      sync.Mutex
	reasons map[string]string // by socket id; guarded by mu
}

func (a *application) register() {
	check(a.io.On("connection", func(clients ...any) { a.serve(clients[0].(*socket.Socket)) }))
	check(a.io.Of("/custom", nil).On("connection", func(clients ...any) {
		s := clients[0].(*socket.Socket)
		_ = s.Emit("auth", s.Handshake().Auth)
		a.who(s)
	}))
	a.io.Of("/locked", nil).Use(func(s *socket.Socket, next func(*socket.ExtendedError)) {
		if auth, ok := s.Handshake().Auth.(map[string]any); ok && auth["token"] == "sesame" {
			next(nil)
			return
		}
		next(socket.NewExtendedError("not authorized", map[string]any{"code": "E1", "n": 1}))
	})
	a.io.Of("/locked-plain", nil).Use(func(_ *socket.Socket, next func(*socket.ExtendedError)) {
		next(socket.NewExtendedError("no entry", nil))
	})
	check(a.io.Of(regexp.MustCompile(`^/dyn-\d+$`), nil).On("connection", func(clients ...any) {
		s := clients[0].(*socket.Socket)
		_ = s.Emit("nsp", s.Nsp().Name())
	}))
}

// on splits the acknowledgement from the arguments of an event.
func on(s *socket.Socket, event string, listener func(args []any, ack socket.Ack)) {
	check(s.On(event, func(args ...any) {
		ack := func([]any, error) {}
		if n := len(args); n > 0 {
			if fn, ok := args[n-1].(socket.Ack); ok {
				ack, args = fn, args[:n-1]
			}
		}
		listener(args, ack)
	}))
}

func (a *application) who(s *socket.Socket) {
	on(s, "who", func(_ []any, ack socket.Ack) {
		h := s.Handshake()
		query := map[string]string{}
		for name, values := range h.Query {
			query[name] = values[len(values)-1]
		}
		rooms := []string{}
		for _, room := range s.Rooms().Keys() {
			rooms = append(rooms, string(room))
		}
		ack([]any{map[string]any{
			"id": s.Id(), "recovered": s.Recovered(), "rooms": rooms, "transport": s.Conn().Transport().Name(), "query": query,
			"auth": h.Auth, "xdomain": h.Xdomain, "secure": h.Secure, "url": h.Url, "header": "", "data": s.Data(),
		}}, nil)
	})
	check(s.On("disconnect", func(reason ...any) {
		a.mu.Lock()
		defer a.mu.Unlock()
		a.reasons[string(s.Id())] = fmt.Sprint(reason[0])
	}))
}

func (a *application) serve(s *socket.Socket) {
	_ = s.Emit("auth", s.Handshake().Auth)
	a.who(s)
	ok := []any{"ok"}
	on(s, "message", func(args []any, _ socket.Ack) { _ = s.Emit("message-back", args...) })
	on(s, "message-with-ack", func(args []any, ack socket.Ack) { ack(args, nil) })
	on(s, "reason-of", func(args []any, ack socket.Ack) {
		a.mu.Lock()
		reason, known := a.reasons[args[0].(string)]
		a.mu.Unlock()
		if !known {
			ack([]any{nil}, nil)
			return
		}
		ack([]any{reason}, nil)
	})
	on(s, "join", func(args []any, ack socket.Ack) { s.Join(names(args[0])...); ack(ok, nil) })
	on(s, "leave", func(args []any, ack socket.Ack) { s.Leave(names(args[0])[0]); ack(ok, nil) })
	on(s, "bcast", func(args []any, ack socket.Ack) {
		event, rest := emission(args[2])
		_ = a.io.To(names(args[0])...).Except(names(args[1])...).Emit(event, rest...)
		ack(ok, nil)
	})
	on(s, "sbcast", func(args []any, ack socket.Ack) {
		event, rest := emission(args[0])
		_ = s.Broadcast().Emit(event, rest...)
		ack(ok, nil)
	})
	on(s, "bcast-ack", func(args []any, ack socket.Ack) {
		event, rest := emission(args[2])
		a.io.To(names(args[0])...).Timeout(milliseconds(args[1])).EmitWithAck(event, rest...)(func(answers []any, err error) {
			first := []any{}
			for _, answer := range answers {
				if list, ok := answer.([]any); ok && len(list) > 0 {
					answer = list[0]
				}
				first = append(first, answer)
			}
			ack([]any{message(err), first}, nil)
		})
	})
	on(s, "ask-me", func(args []any, _ socket.Ack) {
		event, rest := emission(args[0])
		s.EmitWithAck(event, rest...)(func(answer []any, _ error) { _ = s.Emit("answered", answer...) })
	})
	on(s, "ask-timeout", func(args []any, _ socket.Ack) {
		s.Timeout(milliseconds(args[0])).EmitWithAck("q")(func(answer []any, err error) {
			_ = s.Emit("asked", append([]any{message(err)}, answer...)...)
		})
	})
	on(s, "bin", func(args []any, _ socket.Ack) {
		n := int(args[0].(float64))
		list := make([]any, n)
		for i := range list {
			list[i] = []byte{byte(i), byte(i + 1)}
		}
		_ = s.Emit("bin", list...)
	})
	on(s, "many", func(args []any, _ socket.Ack) {
		for i := range int(args[0].(float64)) {
			_ = s.Emit("m", i)
		}
	})
	on(s, "bye", func(args []any, _ socket.Ack) { s.Disconnect(args[0] == true) })
	on(s, "sockets-leave", func(args []any, ack socket.Ack) {
		a.io.In(names(args[0])...).SocketsLeave(names(args[0])...)
		ack(ok, nil)
	})
	on(s, "kick", func(args []any, _ socket.Ack) { a.io.In(names(args[0])...).DisconnectSockets(args[1] == true) })
}

// names reads null, a name or a list of names.
func names(v any) []socket.Room {
	switch v := v.(type) {
	case string:
		return []socket.Room{socket.Room(v)}
	case []any:
		var list []socket.Room
		for _, name := range v {
			list = append(list, names(name)...)
		}
		return list
	}
	return nil
}

func emission(v any) (event string, args []any) {
	list, _ := v.([]any)
	event, _ = list[0].(string)
	return event, list[1:]
}

func milliseconds(v any) time.Duration {
	ms, _ := v.(float64)
	return time.Duration(ms) * time.Millisecond
}

func message(err error) any {
	if err == nil {
		return nil
	}
	return err.Error()
}

func check(err error) {
	if err != nil {
		fail(err)
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "zishang-protocol:", err)
	os.Exit(1)
}
