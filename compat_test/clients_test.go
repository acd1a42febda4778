package compat_test

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-sails/sails/compat_test/internal/driver"
	"github.com/go-sails/sails/compat_test/internal/program"
)

// socketIOClients are the releases of socket.io-client: the first and the last of
// each generation that can be had.
var socketIOClients = []string{"1.0.6", "1.7.4", "2.0.4", "2.5.0", "3.1.3", "4.0.2", "4.8.4"}

var transports = []string{"websocket", "polling", "upgrade"}

// A peer is a server that offers the mounts of servers/protocol.
type peer struct {
	name  string
	ours  bool // a failing case is a failing test
	tries int  // how often a failing case is played, on a machine busy with other tests
	start func(t *testing.T) *program.Program
}

var peers = []peer{
	{"this library", true, 1, func(t *testing.T) *program.Program {
		return program.Start(t, nil, program.Build(t, "./servers/protocol"))
	}},
	// What the original does is right by definition, so this checks the cases.
	{"socket.io 4.8.4", true, 3, func(t *testing.T) *program.Program {
		return program.Start(t, nil, "node", filepath.Join(program.Root(t), "peers", "node-protocol", "server.mjs"))
	}},
	{"zishang520/socket.io 2.5.0", false, 3, func(t *testing.T) *program.Program {
		return program.Start(t, nil, program.Build(t, "./peers/zishang-protocol"))
	}},
}

// caseResult is what the driver says of one case.
type caseResult struct {
	Name, Outcome, Problem string
}

// caseLimit bounds all cases of a client and transport together.
const caseLimit = 4 * time.Minute

// TestClients runs the cases of driver/lib/cases.mjs with every generation of
// socket.io-client over every transport, against this library, the original server
// and another one in Go. Only differences of the first two fail; all of them are in
// the table of docs/client-matrix.md.
func TestClients(t *testing.T) {
	var m matrix
	t.Run("play", func(t *testing.T) {
		for _, p := range peers {
			if !p.ours && *matrixFile == "" {
				continue // nothing depends on what it does
			}
			t.Run(p.name, func(t *testing.T) {
				t.Parallel()
				server := p.start(t)
				t.Run("", func(t *testing.T) {
					for _, client := range socketIOClients {
						t.Run(client, func(t *testing.T) {
							t.Parallel()
							d := driver.ForTest(t, program.Root(t), "clients.mjs", client)
							for _, transport := range transports {
								t.Run(transport, func(t *testing.T) { m.play(t, p, d, server, client, transport) })
							}
						})
					}
				})
			})
		}
	})
	matrixReport{
		name: "socket.io-client", whole: m.markdown(), ours: m.table(peers[0].name),
		played: m.complete(peers[0].name),
	}.publish(t)
}

// matrix gathers results for the table.
type matrix struct {
	mu    sync.Mutex
	cells map[string]caseResult // by peer, client, transport and case; guarded by mu
	cases []string              // in order; guarded by mu
}

func cell(peer, client, transport, name string) string {
	return strings.Join([]string{peer, client, transport, name}, "\x00")
}

func (m *matrix) play(t *testing.T, p peer, d *driver.Driver, server *program.Program, client, transport string) {
	var answer struct{ Results []caseResult }
	if err := d.Do(map[string]any{"url": server.URL, "transport": transport, "attempts": p.tries}, &answer, caseLimit); err != nil {
		if p.ours {
			t.Fatal(err)
		}
		t.Log("the peer does not last: ", err)
		return
	}
	m.mu.Lock()
	if m.cells == nil {
		m.cells = map[string]caseResult{}
	}
	for _, r := range answer.Results {
		m.cells[cell(p.name, client, transport, r.Name)] = r
		if !slices.Contains(m.cases, r.Name) {
			m.cases = append(m.cases, r.Name)
		}
	}
	m.mu.Unlock()
	for _, r := range answer.Results {
		t.Run(r.Name, func(t *testing.T) {
			if r.Outcome == "fail" && p.ours {
				t.Error(r.Problem)
			}
		})
	}
}

// complete reports whether every client has played over every transport.
func (m *matrix) complete(peer string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, client := range socketIOClients {
		for _, transport := range transports {
			if len(m.cases) == 0 || m.cells[cell(peer, client, transport, m.cases[0])].Outcome == "" {
				return false
			}
		}
	}
	return true
}

// markdown renders the tables of all peers.
func (m *matrix) markdown() string {
	var b strings.Builder
	for _, p := range peers {
		fmt.Fprintf(&b, "\n### With %s\n%s", p.name, m.table(p.name))
	}
	return b.String()
}

// table renders what one peer has shown: a row for each case, a column for each
// client.
func (m *matrix) table(peer string) string {
	m.mu.Lock()
	defer m.mu.Unlock()
	var b strings.Builder
	b.WriteString("\nEach cell stands for WebSocket, polling, and polling with upgrade: ✓ passes, ✗ fails,\n– has no such feature.\n\n")
	fmt.Fprintf(&b, "| Case | %s |\n|%s\n", strings.Join(socketIOClients, " | "), strings.Repeat(" --- |", len(socketIOClients)+1))
	passed, failed := 0, 0
	for _, name := range m.cases {
		fmt.Fprintf(&b, "| %s |", name)
		for _, client := range socketIOClients {
			var marks []string
			for _, transport := range transports {
				mark := "–"
				switch m.cells[cell(peer, client, transport, name)].Outcome {
				case "pass":
					mark = "✓"
					passed++
				case "fail":
					mark = "✗"
					failed++
				}
				marks = append(marks, mark)
			}
			fmt.Fprintf(&b, " %s |", strings.Join(marks, " "))
		}
		b.WriteString("\n")
	}
	fmt.Fprintf(&b, "\n%d passed, %d failed. The cases are in internal/conformance/driver/lib/cases.mjs.\n", passed, failed)
	return b.String()
}
