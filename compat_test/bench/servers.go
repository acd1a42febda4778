package main

import (
	"debug/buildinfo"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/go-sails/sails/compat_test/bench/report"
	"github.com/go-sails/sails/compat_test/internal/program"
)

// server is one that can be measured.
type server struct {
	name      string
	revisions []int // of Engine.IO
	args      []string
	dir       string
	env       []string
	// module or npm package whose version is stated
	module string
	npm    []string
}

// maxSessions lets our server take more clients than by default.
const maxSessions = 200_000

// servers are found from the folder compat_test. Those in Go are built into a folder
// of their own, so that nothing else replaces one during a run.
func servers(root string) map[string]*server {
	bin := func(name string) []string { return []string{filepath.Join(root, "bin", "measured", name)} }
	node := func(dir, file string, npm ...string) *server {
		return &server{revisions: []int{3, 4}, dir: filepath.Join(root, "peers", dir), args: []string{"node", file}, npm: npm}
	}
	all := map[string]*server{
		report.Ours:      {revisions: []int{3, 4}, args: bin("bench"), env: []string{"DIRECT=0"}},
		report.Direct:    {revisions: []int{3, 4}, args: bin("bench"), env: []string{"DIRECT=1"}},
		report.Node:      node("node", "server.mjs", "socket.io"),
		report.NodeSails: node("sails", "server.js", "sails", "sails-hook-sockets", "socket.io"),
		report.Records:   node("sails-db", "server.js", "sails", "sails-hook-orm", "sails-disk", "sails-postgresql"),
		report.Zishang:   {revisions: []int{4}, args: bin("zishang"), module: "github.com/zishang520/socket.io/v2"},
		report.Karagenc:  {revisions: []int{4}, args: bin("karagenc"), module: "github.com/karagenc/socket.io-go"},
		report.Floor:     {revisions: []int{3, 4}, args: bin("floor")},
	}
	for name, s := range all {
		s.name = name
	}
	return all
}

// start runs the server on its processor with more variables in its environment.
func (b *bench) start(name string, env ...string) (*program.Program, error) {
	s := b.servers[name]
	all := append([]string{fmt.Sprintf("MAX_SESSIONS=%d", maxSessions)}, s.env...)
	if s.npm != nil { // it warns about being in production
		all = append(all, "NODE_ENV=production")
	}
	if b.profiles != "" {
		all = append(all, "PPROF=1")
	}
	return program.Run(b.cores.OnServer(program.Spec{Path: s.path(), Args: s.args[1:], Dir: s.dir, Env: append(all, env...)}))
}

// path is that of the server's program: Node is found where it is installed.
func (s *server) path() string {
	if path, err := exec.LookPath(s.args[0]); err == nil {
		return path
	}
	return s.args[0]
}

// version says what exactly is measured.
func (s *server) version() (string, error) {
	switch {
	case s.npm != nil:
		var parts []string
		for _, name := range s.npm {
			data, err := os.ReadFile(filepath.Join(s.dir, "node_modules", name, "package.json"))
			if err != nil {
				return "", fmt.Errorf("bench: %s is not installed: %w", name, err)
			}
			var p struct{ Version string }
			if err := json.Unmarshal(data, &p); err != nil {
				return "", err
			}
			parts = append(parts, name+" "+p.Version)
		}
		out, err := exec.Command("node", "--version").Output()
		if err != nil {
			return "", fmt.Errorf("bench: node: %w", err)
		}
		return strings.Join(parts, ", ") + " on Node " + strings.TrimSpace(string(out)), nil
	case s.module != "":
		info, err := buildinfo.ReadFile(s.args[0])
		if err != nil {
			return "", err
		}
		for _, m := range info.Deps {
			if m.Path == s.module {
				return m.Path + " " + m.Version, nil
			}
		}
		return "", fmt.Errorf("bench: %s is not in %s", s.module, s.args[0])
	case s.name == report.Floor:
		return "string surgery on net.Conn and net/http (compat_test/peers/floor)", nil
	}
	if s.name == report.Direct {
		return "the same behind the event loop for plain TCP on Linux", nil
	}
	return "this library (compat_test/servers/bench)", nil
}
