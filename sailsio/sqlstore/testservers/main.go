// Command testservers runs a command with a PostgreSQL and a MariaDB or MySQL
// server of its own, for the tests of package sqlstore:
//
//	go run ./sailsio/sqlstore/testservers go test ./sailsio/...
//
// The servers listen on loopback ports that are free, keep their data in a
// temporary directory and are gone when the command ends. The command finds
// them in SAILS_TEST_POSTGRES and SAILS_TEST_MYSQL, and SAILS_TEST_DATABASES=all
// makes tests that need them fail, rather than be skipped, when one is missing.
// The exit status is that of the command; 2 when a server does not start.
//
// It needs the Debian packages postgresql and mariadb-server, or their like.
package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	_ "github.com/go-sql-driver/mysql"
	_ "github.com/jackc/pgx/v5/stdlib"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	code, err := run(ctx, os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "testservers:", err)
		code = 2
	}
	os.Exit(code)
}

func run(ctx context.Context, command []string) (int, error) {
	if len(command) == 0 {
		return 2, errors.New("usage: testservers COMMAND [ARGUMENT...]")
	}
	dir, err := os.MkdirTemp("", "testservers")
	if err != nil {
		return 2, err
	}
	defer os.RemoveAll(dir)
	if err := os.Chmod(dir, 0o755); err != nil {
		return 2, err
	}
	postgres, stopPostgres, err := startPostgres(ctx, filepath.Join(dir, "pg"))
	if err != nil {
		return 2, err
	}
	defer stopPostgres()
	mysql, stopMySQL, err := startMySQL(ctx, filepath.Join(dir, "my"))
	if err != nil {
		return 2, err
	}
	defer stopMySQL()
	cmd := exec.CommandContext(ctx, command[0], command[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.Env = append(os.Environ(), "SAILS_TEST_POSTGRES="+postgres, "SAILS_TEST_MYSQL="+mysql, "SAILS_TEST_DATABASES=all")
	err = cmd.Run()
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		return exit.ExitCode(), nil
	}
	return 0, err
}

// find returns the path of the first program there is, looking where Debian
// hides those of PostgreSQL too.
func find(names ...string) (string, error) {
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
		hidden, _ := filepath.Glob("/usr/lib/postgresql/*/bin/" + name)
		if len(hidden) > 0 {
			return hidden[len(hidden)-1], nil
		}
		if path := "/usr/sbin/" + name; exists(path) {
			return path, nil
		}
	}
	return "", fmt.Errorf("%s is not installed", names[0])
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}

// as makes a command run as another user when this one is root, which database
// servers refuse to be, and gives dir to that user.
func as(cmd *exec.Cmd, account, dir string) error {
	if os.Getuid() != 0 {
		return nil
	}
	u, err := user.Lookup(account)
	if err != nil {
		return err
	}
	uid, _ := strconv.ParseUint(u.Uid, 10, 32)
	gid, _ := strconv.ParseUint(u.Gid, 10, 32)
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}
	cmd.Dir = "/"
	return os.Chown(dir, int(uid), int(gid))
}

func startPostgres(ctx context.Context, dir string) (address string, stop func(), err error) {
	initdb, err := find("initdb")
	if err != nil {
		return "", nil, err
	}
	server, err := find("postgres")
	if err != nil {
		return "", nil, err
	}
	if err := os.Mkdir(dir, 0o700); err != nil {
		return "", nil, err
	}
	data := filepath.Join(dir, "data")
	prepare := exec.CommandContext(ctx, initdb, "-D", data, "-U", "sails", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
	if err := as(prepare, "postgres", dir); err != nil {
		return "", nil, err
	}
	if out, err := prepare.CombinedOutput(); err != nil {
		return "", nil, fmt.Errorf("initdb: %w\n%s", err, out)
	}
	port, err := freePort()
	if err != nil {
		return "", nil, err
	}
	cmd := exec.Command(server, "-D", data, "-h", "127.0.0.1", "-p", strconv.Itoa(port), "-k", dir, "-c", "fsync=off", "-c", "max_connections=200")
	if err := as(cmd, "postgres", dir); err != nil {
		return "", nil, err
	}
	address = fmt.Sprintf("postgres://sails@127.0.0.1:%d/postgres?sslmode=disable", port)
	stop, err = serve(ctx, cmd, "pgx", address, syscall.SIGINT)
	return address, stop, err
}

func startMySQL(ctx context.Context, dir string) (address string, stop func(), err error) {
	server, err := find("mariadbd", "mysqld")
	if err != nil {
		return "", nil, err
	}
	if err := os.Mkdir(dir, 0o700); err != nil {
		return "", nil, err
	}
	data, socket := filepath.Join(dir, "data"), filepath.Join(dir, "s")
	arguments := []string{"--no-defaults", "--initialize-insecure", "--datadir=" + data}
	program := server
	if install, err := find("mariadb-install-db"); err == nil {
		program, arguments = install, []string{"--no-defaults", "--auth-root-authentication-method=normal", "--skip-test-db", "--datadir=" + data}
	}
	prepare := exec.CommandContext(ctx, program, arguments...)
	if err := as(prepare, "mysql", dir); err != nil {
		return "", nil, err
	}
	if out, err := prepare.CombinedOutput(); err != nil {
		return "", nil, fmt.Errorf("%s: %w\n%s", program, err, out)
	}
	port, err := freePort()
	if err != nil {
		return "", nil, err
	}
	cmd := exec.Command(server, "--no-defaults", "--datadir="+data, "--socket="+socket, "--pid-file="+filepath.Join(dir, "pid"),
		"--bind-address=127.0.0.1", "--port="+strconv.Itoa(port), "--innodb-flush-log-at-trx-commit=0", "--skip-log-bin", "--max-connections=200",
		"--sql-mode=STRICT_TRANS_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION")
	if err := as(cmd, "mysql", dir); err != nil {
		return "", nil, err
	}
	address = fmt.Sprintf("root@tcp(127.0.0.1:%d)/", port)
	stop, err = serve(ctx, cmd, "mysql", address, syscall.SIGTERM)
	return address, stop, err
}

// serve starts a server and waits until it answers.
func serve(ctx context.Context, cmd *exec.Cmd, driver, address string, end syscall.Signal) (stop func(), err error) {
	log, err := os.CreateTemp("", "testservers-log")
	if err != nil {
		return nil, err
	}
	os.Remove(log.Name()) // it lives as long as it is open
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	gone := make(chan struct{})
	go func() {
		cmd.Wait()
		close(gone)
	}()
	stop = func() {
		cmd.Process.Signal(end)
		select {
		case <-gone:
		case <-time.After(10 * time.Second):
			cmd.Process.Kill()
			<-gone
		}
		log.Close()
	}
	db, err := sql.Open(driver, address)
	if err != nil {
		stop()
		return nil, err
	}
	defer db.Close()
	deadline := time.After(30 * time.Second)
	for {
		if err = db.PingContext(ctx); err == nil {
			return stop, nil
		}
		select {
		case <-time.After(50 * time.Millisecond):
			continue
		case <-gone:
		case <-deadline:
		case <-ctx.Done():
		}
		text := make([]byte, 4096)
		n, _ := log.ReadAt(text, 0)
		stop()
		return nil, fmt.Errorf("%s does not answer: %w\n%s", cmd.Path, err, text[:n])
	}
}
