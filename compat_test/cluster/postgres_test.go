package cluster_test

import (
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/go-sails/sails/socketio"
	"github.com/go-sails/sails/socketio/adaptertest"
	"github.com/go-sails/sails/socketio/pgadapter"
)

// postgresServer is a PostgreSQL of a test's own.
type postgresServer struct {
	t    testing.TB
	port int
	dir  string
	who  *syscall.Credential // it refuses to be root
	url  string
	*process
}

func startPostgres(t testing.TB) *postgresServer {
	t.Helper()
	dir, err := os.MkdirTemp("", "cluster") // t.TempDir is not for other users
	check(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	s := &postgresServer{t: t, port: freePort(t), dir: dir}
	s.url = fmt.Sprintf("postgres://sails@127.0.0.1:%d/postgres", s.port)
	if os.Getuid() == 0 {
		account, err := user.Lookup("postgres")
		check(t, err)
		uid, err := strconv.ParseUint(account.Uid, 10, 32)
		check(t, err)
		gid, err := strconv.ParseUint(account.Gid, 10, 32)
		check(t, err)
		s.who = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
		check(t, os.Chown(dir, int(uid), int(gid)))
	}
	out, err := s.command("initdb", "-D", filepath.Join(dir, "data"), "-U", "sails", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync").CombinedOutput()
	if err != nil {
		t.Fatalf("initdb: %v\n%s", err, out)
	}
	s.start()
	return s
}

func (s *postgresServer) command(name string, args ...string) *exec.Cmd {
	s.t.Helper()
	cmd := exec.Command(program(s.t, name), args...)
	cmd.Dir = "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: s.who}
	return cmd
}

func (s *postgresServer) start() {
	s.t.Helper()
	s.process = start(s.t, s.command("postgres", "-D", filepath.Join(s.dir, "data"), "-h", "127.0.0.1", "-p", strconv.Itoa(s.port),
		"-k", s.dir, "-c", "fsync=off", "-c", "max_connections=200"))
	s.listening(s.port)
}

func (s *postgresServer) config() pgadapter.Config {
	key := prefix()
	return pgadapter.Config{
		URL: s.url, Prefix: key, Table: "attachments_" + key, CreateTable: true,
		HeartbeatInterval: 200 * time.Millisecond, HeartbeatTimeout: time.Second,
	}
}

func TestPostgresAdapter(t *testing.T) {
	server := startPostgres(t)
	adaptertest.Run(t, func(t *testing.T) func() socketio.Adapter {
		cfg := server.config()
		return func() socketio.Adapter {
			a, err := pgadapter.New(cfg)
			check(t, err)
			return a
		}
	})
}

func TestPostgresLoss(t *testing.T) {
	server := startPostgres(t)
	cfg := server.config()
	first, err := pgadapter.New(cfg)
	check(t, err)
	second, err := pgadapter.New(cfg)
	check(t, err)
	ctx := testContext(t)
	a := startGo(t, "a", socketio.Config{Adapter: first})
	b := &goNode{startGo(t, "b", socketio.Config{Adapter: second}), t, ctx}
	clients := startPeer(t, object{"adapter": "none"})
	clients.connect("local", a.url)
	clients.connect("remote", b.url)
	eventually(t, "both nodes", func() bool { return b.count() == 2 })
	load := startLoad(ctx, a.Namespace)
	eventually(t, "messages", func() bool { return load.sent.Load() > 500 })
	before := heap()
	server.signal(syscall.SIGQUIT) // it leaves at once, and takes its processes along
	<-server.ended
	eventually(t, "the loss to be noticed", func() bool { return !first.Healthy() })
	sent := load.sent.Load()
	eventually(t, "local delivery to go on", func() bool { return load.sent.Load() > sent+20_000 })
	server.start()
	eventually(t, "both to be well", func() bool { return first.Healthy() && second.Healthy() })
	eventually(t, "both nodes", func() bool { return b.count() == 2 })
	sent = load.sent.Load()
	eventually(t, "more messages", func() bool { return load.sent.Load() > sent+500 })
	load.end()
	if after := heap(); after > before+8<<20 {
		t.Errorf("heap grew from %d to %d bytes", before, after)
	}
	if s := first.Stats(); s.Lost == 0 || s.Reconnects == 0 || s.Lost < load.failed.Load() {
		t.Errorf("%+v, %d Emits failed", s, load.failed.Load())
	}
	if slow := load.slowest(); slow > 1500*time.Millisecond {
		t.Errorf("an Emit took %v", slow)
	}
	check(t, a.Emit(ctx, "end"))
	if local := numbers(clients, "local"); len(local) != int(load.sent.Load()) {
		t.Errorf("%d of %d messages arrived locally", len(local), load.sent.Load())
	}
	numbers(clients, "remote")
}
