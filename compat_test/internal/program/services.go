package program

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
)

// Find returns the path of a program, looking where Debian hides some.
func Find(name string) (string, error) {
	if path, err := exec.LookPath(name); err == nil {
		return path, nil
	}
	hidden, err := filepath.Glob("/usr/lib/postgresql/*/bin/" + name)
	if err != nil {
		return "", err
	}
	hidden = append([]string{"/usr/sbin/" + name}, hidden...)
	for i := len(hidden) - 1; i >= 0; i-- {
		if _, err := os.Stat(hidden[i]); err == nil {
			return hidden[i], nil
		}
	}
	return "", fmt.Errorf("program: %s is not installed; run make setup", name)
}

// Redis starts a Redis that keeps nothing, on a free port. spec adds what it says
// about the process.
func Redis(spec Spec) (*Program, error) {
	path, err := Find("redis-server")
	if err != nil {
		return nil, err
	}
	if spec.Port, err = FreePort(); err != nil {
		return nil, err
	}
	spec.Path, spec.Probe = path, true
	spec.Args = append([]string{"--port", strconv.Itoa(spec.Port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no",
		"--dir", os.TempDir(), "--daemonize", "no", "--loglevel", "warning"}, spec.Args...)
	return Run(spec)
}

// Postgres is a PostgreSQL server with data of its own.
type Postgres struct {
	*Program
	dir string
}

// StartPostgres starts a PostgreSQL on a free port, with an empty database
// "postgres" of the user "sails" and without fsync. spec adds what it says about the
// process.
func StartPostgres(spec Spec) (*Postgres, error) {
	dir, err := os.MkdirTemp("", "postgres")
	if err != nil {
		return nil, err
	}
	s := &Postgres{dir: dir}
	if err := s.start(spec); err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	return s, nil
}

func (s *Postgres) start(spec Spec) (err error) {
	if spec.As, err = databaseUser(s.dir); err != nil {
		return err
	}
	initdb, err := Find("initdb")
	if err != nil {
		return err
	}
	data := filepath.Join(s.dir, "data")
	prepare := exec.Command(initdb, "-D", data, "-U", "sails", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
	prepare.Dir = s.dir
	prepare.SysProcAttr = &syscall.SysProcAttr{Credential: spec.As}
	if out, err := prepare.CombinedOutput(); err != nil {
		return fmt.Errorf("program: initdb: %w\n%s", err, out)
	}
	if spec.Path, err = Find("postgres"); err != nil {
		return err
	}
	if spec.Port, err = FreePort(); err != nil {
		return err
	}
	spec.Dir, spec.Probe, spec.End = s.dir, true, syscall.SIGINT // SIGTERM would wait for its clients
	spec.Args = append([]string{"-D", data, "-h", "127.0.0.1", "-p", strconv.Itoa(spec.Port), "-k", s.dir,
		"-c", "fsync=off", "-c", "max_connections=200"}, spec.Args...)
	s.Program, err = Run(spec)
	return err
}

// databaseUser gives dir to the user postgres when this process is root's, which
// database servers refuse to be.
func databaseUser(dir string) (*syscall.Credential, error) {
	if os.Getuid() != 0 {
		return nil, nil
	}
	account, err := user.Lookup("postgres")
	if err != nil {
		return nil, err
	}
	uid, err := strconv.ParseUint(account.Uid, 10, 32)
	if err != nil {
		return nil, err
	}
	gid, err := strconv.ParseUint(account.Gid, 10, 32)
	if err != nil {
		return nil, err
	}
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, os.Chown(dir, int(uid), int(gid))
}

// Create makes an empty database and returns its address.
func (s *Postgres) Create(name string) (string, error) {
	createdb, err := Find("createdb")
	if err != nil {
		return "", err
	}
	if out, err := exec.Command(createdb, "-h", "127.0.0.1", "-p", strconv.Itoa(s.Port), "-U", "sails", name).CombinedOutput(); err != nil {
		return "", fmt.Errorf("program: createdb: %w\n%s", err, out)
	}
	return fmt.Sprintf("postgres://sails@127.0.0.1:%d/%s?sslmode=disable", s.Port, name), nil
}

// Close stops the server and removes its data.
func (s *Postgres) Close() error { return errors.Join(s.Stop(), os.RemoveAll(s.dir)) }
