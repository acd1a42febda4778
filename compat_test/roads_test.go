package compat_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/go-sails/sails/compat_test/internal/driver"
	"github.com/go-sails/sails/compat_test/internal/program"
)

// The servers of the other tests are net/http's. Here a cut through all clients meets
// servers that answer beneath it (package engineio/direct): to a client it is the same.

// TestDirect_Sails is TestSails with the current sails.io.js and one from before Sails 1.
func TestDirect_Sails(t *testing.T) {
	if *update || *reference != "" {
		t.Log("not played: the original has one road")
		return
	}
	t.Parallel()
	suite := sails1
	suite.road = "1"
	for _, client := range []string{suite.main, "0.11.7"} {
		for _, transport := range []string{"websocket", "polling"} {
			t.Run(client+"-"+transport, func(t *testing.T) {
				t.Parallel()
				suite.play(t, client, transport)
			})
		}
	}
}

// TestDirect_Clients is TestClients with the last socket.io-client of either protocol.
func TestDirect_Clients(t *testing.T) {
	t.Parallel()
	server := program.Start(t, []string{"DIRECT=1", "PPROF=1"}, program.Build(t, "./servers/protocol"))
	res, err := http.Get(server.URL + "/debug/pprof/goroutine?debug=1")
	if err != nil {
		t.Fatal(err)
	}
	goroutines, err := io.ReadAll(res.Body)
	_ = res.Body.Close()
	if err != nil || !strings.Contains(string(goroutines), "eventloop.(*loop)") {
		t.Fatalf("the server is not one of package direct: %v", err)
	}
	ours := peer{name: "this library, direct", ours: true, tries: 1}
	var m matrix
	t.Run("play", func(t *testing.T) {
		for _, client := range []string{"2.5.0", "4.8.4"} {
			t.Run(client, func(t *testing.T) {
				t.Parallel()
				d := driver.ForTest(t, program.Root(t), "clients.mjs", client)
				for _, transport := range transports {
					t.Run(transport, func(t *testing.T) { m.play(t, ours, d, server, client, transport) })
				}
			})
		}
	})
}
