package reliability

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/go-sails/sails/compat_test/internal/program"
	"github.com/go-sails/sails/internal/leakcheck"
	"github.com/go-sails/sails/socketio/socketioclient"
)

func TestMain(m *testing.M) { leakcheck.Main(m) }

// patience bounds what has no bound of its own.
const patience = 30 * time.Second

// often returns n, or many times that in a long run.
func often(n, long int) int {
	if os.Getenv("RELIABILITY") == "long" {
		return long
	}
	return n
}

// server is the program under test.
type server struct {
	*program.Program
	t *testing.T
}

// roads runs a test on each way to serve: net/http alone, and the event loop beneath it.
func roads(t *testing.T, test func(t *testing.T, road string)) {
	for name, road := range map[string]string{"net/http": "DIRECT=0", "direct": "DIRECT=1"} {
		t.Run(name, func(t *testing.T) { test(t, road) })
	}
}

// start starts the server with variables of its environment.
func start(t *testing.T, env ...string) *server {
	t.Helper()
	return &server{t: t, Program: program.Start(t, append(env, "PPROF=1"), program.Build(t, "./servers/bench"))}
}

// client returns a client that is closed with the test.
func (s *server) client(o socketioclient.Options) *socketioclient.Client {
	s.t.Helper()
	if o.Header == nil {
		o.Header = http.Header{}
	}
	o.Header.Set("Origin", s.URL)
	c, err := socketioclient.New(s.URL, o)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() {
		_ = c.Close()
		<-c.Done()
	})
	return c
}

// join returns the connected main socket of a client.
func (s *server) join(o socketioclient.Options) *socketioclient.Socket {
	s.t.Helper()
	socket := s.client(o).Of("/", nil)
	if err := socket.Connect(within(s.t, patience)); err != nil {
		s.t.Fatal(err)
	}
	return socket
}

var overWebSocket = socketioclient.Options{Transports: []socketioclient.Transport{socketioclient.WebSocket}}

func within(t *testing.T, d time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), d)
	t.Cleanup(cancel)
	return ctx
}

// echo asks for an answer and returns how long that took.
func echo(ctx context.Context, socket *socketioclient.Socket) (time.Duration, error) {
	began := time.Now()
	_, err := socket.EmitAck(ctx, "echo", "hello")
	return time.Since(began), err
}

// usage is what a process holds.
type usage struct {
	files, goroutines, residentKB int
}

func (u usage) String() string {
	return fmt.Sprintf("%d descriptors, %d goroutines, %.1f MB", u.files, u.goroutines, float64(u.residentKB)/1000)
}

// usage asks the operating system and the process itself.
func (s *server) usage() usage {
	s.t.Helper()
	u := usage{files: s.openFiles(), residentKB: s.resident()}
	res, err := http.Get(s.URL + "/debug/pprof/goroutine?debug=1")
	if err != nil {
		s.t.Fatal(err)
	}
	defer res.Body.Close()
	body, _ := io.ReadAll(res.Body)
	if _, err := fmt.Sscanf(string(body), "goroutine profile: total %d", &u.goroutines); err != nil {
		s.t.Fatalf("%v in %.80q", err, body)
	}
	http.DefaultClient.CloseIdleConnections()
	return u
}

// openFiles counts the descriptors of the process.
func (s *server) openFiles() int {
	s.t.Helper()
	files, err := os.ReadDir(filepath.Join("/proc", strconv.Itoa(s.PID), "fd"))
	if err != nil {
		s.t.Fatal(err)
	}
	return len(files)
}

// resident returns the memory of the process in KB.
func (s *server) resident() (kb int) {
	status, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(s.PID), "status"))
	if err != nil {
		s.t.Error(err)
	}
	for line := range strings.Lines(string(status)) {
		if rest, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			_, _ = fmt.Sscan(rest, &kb)
		}
	}
	return kb
}

// settles waits until the server holds no more than before, up to 8 descriptors and
// goroutines (reliability bar 11), and returns what it holds.
func (s *server) settles(before usage, limit time.Duration) usage {
	s.t.Helper()
	deadline := time.Now().Add(limit)
	for {
		now := s.usage()
		if now.files <= before.files+8 && now.goroutines <= before.goroutines+8 {
			return now
		}
		if time.Now().After(deadline) {
			s.t.Fatalf("%v later the server holds %v; before it was %v", limit, now, before)
		}
		pause(50 * time.Millisecond)
	}
}

// pause spaces questions to another process, which nothing announces the answer of.
func pause(d time.Duration) { <-time.After(d) }
