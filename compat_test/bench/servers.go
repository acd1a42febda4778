package main

import (
	"debug/buildinfo"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/go-sails/sails/compat_test/bench/process"
	"github.com/go-sails/sails/compat_test/bench/report"
)

// server is one that can be measured.
type server struct {
	name      string
	revisions []int // of Engine.IO
	args      []string
	dir       string
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
		report.Ours:      {revisions: []int{3, 4}, args: bin("bench")},
		report.Node:      node("node", "server.mjs", "socket.io"),
		report.NodeSails: node("sails", "server.js", "sails", "sails-hook-sockets", "socket.io"),
		report.Zishang:   {revisions: []int{4}, args: bin("zishang"), module: "github.com/zishang520/socket.io/v2"},
		report.Karagenc:  {revisions: []int{4}, args: bin("karagenc"), module: "github.com/karagenc/socket.io-go"},
		report.Floor:     {revisions: []int{3, 4}, args: bin("floor")},
	}
	for name, s := range all {
		s.name = name
	}
	return all
}

func (s *server) spec(sessions bool) process.Spec {
	env := []string{fmt.Sprintf("MAX_SESSIONS=%d", maxSessions)}
	if sessions {
		env = append(env, "SESSIONS=1")
	}
	if s.npm != nil { // it warns about being in production
		env = append(env, "NODE_ENV=production")
	}
	return process.Spec{Name: s.name, Dir: s.dir, Args: s.args, Env: env}
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
	return "this library (compat_test/servers/bench)", nil
}
