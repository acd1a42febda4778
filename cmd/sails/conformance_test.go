package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/go-sails/sails/internal/conformance"
	"github.com/go-sails/sails/internal/conformance/transcript"
)

// What cannot be played at all is told apart from what fails. compat_test plays.
func TestConformance_SetUp(t *testing.T) {
	t.Parallel()
	other := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(other.Close)
	ready := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	t.Cleanup(ready.Close)
	for line, part := range map[string]string{
		"":                                    "give the address",
		"localhost:1337":                      "http://host:port",
		"https://localhost":                   "plain HTTP",
		"http://localhost/app":                "no address of a server",
		"http://localhost:1 --client 9.9.9":   "1.2.1, or all",
		"http://localhost:1 --suite 2":        "sails, more or 0.12",
		"http://localhost:1 --transport fax":  "websocket or polling",
		"http://localhost:1 --scenario [":     "syntax error",
		"http://localhost:1":                  "no server answers at http://localhost:1",
		other.URL:                             "does not offer the reference application",
		ready.URL + " --node no-such-node":    "no-such-node was not found",
		ready.URL + " --packages /nowhere":    "/nowhere",
		ready.URL + " --differences /nowhere": "/nowhere",
	} {
		_, errs, code := sails(t, append([]string{"conformance"}, strings.Fields(line)...)...)
		if code != exitUsage || !strings.Contains(errs, part) {
			t.Errorf("%s: %d %s", line, code, errs)
		}
	}
}

func TestScore(t *testing.T) {
	t.Parallel()
	s := &score{}
	first, second := conformance.Scenario{Name: "v01", Title: "One", Variant: "default"}, conformance.Scenario{Name: "v31", Title: "Two", Variant: "csrf"}
	found := []transcript.Difference{{Step: 2, Name: "GET /x", Path: "body.id", Want: "1", Got: strings.Repeat("é", 400)}, {Step: 3}}
	s.add(first, "1.2.1", "websocket", nil, false)
	s.add(second, "1.2.1", "websocket", nil, true)
	s.add(first, "0.13.8", "polling", found, false)
	s.add(second, "0.13.8", "polling", nil, true)
	want(t, s.table(false),
		"SCENARIO  1.2.1 websocket  0.13.8 polling\nv01       ✓                ✗\nv31       –                –\n",
		"v01 with 0.13.8 over polling: One\n  step 2 (GET /x) body.id\n    want 1\n    got  é", "…\n  and 1 more difference",
		"1 passed, 1 failed, 2 not played: they need a server of another variant (csrf)\n")
	if text := s.table(true); !strings.Contains(text, "step 3") || strings.Contains(text, "\ufffd") {
		t.Error(text)
	}
	text, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	want(t, string(text), `"result":"failed"`, `"place":"body.id"`, `"needs":"csrf"`)
}
