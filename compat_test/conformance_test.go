package compat_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-sails/sails/compat_test/internal/program"
)

// TestConformance has `sails conformance` judge a good server, and the same one
// behind a proxy that changes an answer.
func TestConformance(t *testing.T) {
	t.Parallel()
	root := program.Root(t)
	good := program.Start(t, nil, program.Build(t, "./servers/conformance"))
	address, err := url.Parse(good.URL)
	if err != nil {
		t.Fatal(err)
	}
	proxy := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(address) },
		ModifyResponse: func(res *http.Response) error {
			if res.Request.URL.Path == "/vet" {
				res.StatusCode = http.StatusTeapot
			}
			return nil
		},
	}
	bad := httptest.NewServer(proxy)
	t.Cleanup(bad.Close)
	sails := program.Build(t, "../cmd/sails")
	packages := filepath.Join(root, "..", "internal", "conformance", "driver")
	conformance := func(args ...string) (string, int) {
		args = append([]string{"conformance", "--packages", packages, "--differences", filepath.Join(root, "differences.md")}, args...)
		cmd := exec.CommandContext(t.Context(), sails, args...)
		out, err := cmd.Output()
		if err != nil && cmd.ProcessState == nil {
			t.Fatal(err)
		}
		return string(out), cmd.ProcessState.ExitCode()
	}

	out, code := conformance(good.URL, "--scenario", "v01,v07*,v15,v31", "--client", "1.2.1,0.11.7", "--transport", "websocket,polling")
	if code != 0 || !strings.Contains(out, "12 passed, 0 failed, 4 not played: they need a server of another variant (csrf)") {
		t.Errorf("code %d:\n%s", code, out)
	}
	out, code = conformance(bad.URL, "--scenario", "v15,v01", "--json")
	var score struct {
		Passed, Failed int
		Plays          []struct {
			Scenario, Result string
			Differences      []struct{ Does, Place, Want, Got string }
		}
	}
	if err := json.Unmarshal([]byte(out), &score); err != nil || code != 1 || score.Passed != 1 || score.Failed != 1 {
		t.Fatalf("code %d, %v:\n%s", code, err, out)
	}
	failed := score.Plays[1]
	if failed.Scenario != "v15-create" || failed.Result != "failed" || failed.Differences[0].Place != "status" || failed.Differences[0].Got != "418" {
		t.Errorf("%+v", failed)
	}
	if _, code = conformance(good.URL, "--scenario", "v31"); code != 2 {
		t.Errorf("nothing was played and the code is %d", code)
	}
	if out, code = conformance("--list", "--suite", "0.12"); code != 0 || !strings.Contains(out, "o01-watch") {
		t.Errorf("code %d:\n%s", code, out)
	}
}
