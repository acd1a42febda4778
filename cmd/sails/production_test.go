package main

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/go-sails/sails/sailsio/blueprint"
	"github.com/go-sails/sails/sailsio/manifest"
)

// Without --dev and without a word in the manifest, nothing of the records is served.
func TestLift_NothingExposed(t *testing.T) {
	t.Setenv("SAILS_SESSION_SECRET", "")
	url, _ := lifted(t, app(t, nil))
	for _, line := range []string{"GET /task", "POST /task", "GET /task/1", "PATCH /task/1", "DELETE /task/1", "GET /task/find", "GET /task/create", "GET /openapi.json", "GET /sails.manifest.json", "GET /.tmp/sails.db"} {
		method, path, _ := strings.Cut(line, " ")
		if status, text := fetch(t, method, url+path, ""); status != http.StatusNotFound {
			t.Errorf("%s: %d %s", line, status, text)
		}
	}
}

// What is exposed is served as narrowly as it was said: only these actions, no
// shortcuts, which change records by GET, and no word about why something failed
// (SEC-75, SEC-86).
func TestLift_Exposed(t *testing.T) {
	t.Setenv("SAILS_SESSION_SECRET", "")
	url, _ := lifted(t, app(t, func(m *manifest.Manifest) {
		m.Blueprints.Expose = map[string]manifest.Exposure{"task": {Actions: []blueprint.Action{blueprint.Find, blueprint.Create}}}
	}))
	for _, c := range []struct {
		line, body string
		status     int
		without    string
	}{
		{"GET /task", "", 200, ""},
		{"POST /task", `{"title":"one","id":77}`, 200, "77"},
		{"POST /task", `{}`, 400, "Tip:"},
		{"POST /task/1/promote", `{}`, 501, "task/promote"},
		{"DELETE /task/1", "", 404, ""},
		{"GET /task/find", "", 404, ""},
		{"GET /task/create?title=x", "", 404, ""},
	} {
		method, path, _ := strings.Cut(c.line, " ")
		status, text := fetch(t, method, url+path, c.body)
		if status != c.status || c.without != "" && strings.Contains(text, c.without) {
			t.Errorf("%s: %d %s", c.line, status, text)
		}
	}
}

// leave ends the session that a handshake has opened, if it has.
func leave(t *testing.T, url, origin string, opened []byte) {
	t.Helper()
	_, text, found := strings.Cut(string(opened), `"sid":"`)
	if !found {
		return
	}
	sid, _, _ := strings.Cut(text, `"`)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url+"/socket.io/?EIO=4&transport=polling&sid="+sid, strings.NewReader("1"))
	if err != nil {
		t.Fatal(err)
	}
	if origin != "" {
		req.Header.Set("Origin", origin)
	}
	res, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	if err := res.Body.Close(); err != nil || res.StatusCode != http.StatusOK {
		t.Errorf("closing: %d %v", res.StatusCode, err)
	}
}

// A client that never asks again is no failure of the server's end.
func TestLift_SilentClient(t *testing.T) {
	t.Parallel()
	url, _ := lifted(t, app(t, func(m *manifest.Manifest) { m.Sockets.Transports = []string{"polling"} }), "--dev")
	if status, text := fetch(t, "GET", url+"/socket.io/?EIO=4&transport=polling&__sails_io_sdk_version=1.2.1", ""); status != 200 {
		t.Errorf("%d %s", status, text)
	}
}

// Pages of other origins open no socket (SEC-13, CN-21).
func TestLift_OtherOrigin(t *testing.T) {
	t.Setenv("SAILS_SESSION_SECRET", "")
	url, _ := lifted(t, app(t, func(m *manifest.Manifest) { m.Sockets.Transports = []string{"polling", "websocket"} }))
	for origin, want := range map[string]bool{"": true, url: true, "https://evil.example": false, "null": false} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url+"/socket.io/?EIO=4&transport=polling&__sails_io_sdk_version=1.2.1", nil)
		if err != nil {
			t.Fatal(err)
		}
		if origin != "" {
			req.Header.Set("Origin", origin)
		}
		res, err := client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(res.Body)
		if err := errors.Join(err, res.Body.Close()); err != nil {
			t.Fatal(err)
		}
		leave(t, url, origin, text)
		if got := res.StatusCode == http.StatusOK; got != want {
			t.Errorf("origin %q: %d", origin, res.StatusCode)
		}
	}
}
