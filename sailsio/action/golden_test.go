package action_test

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/go-sails/sails/sailsio/action"
	"github.com/go-sails/sails/virtualrequest"
)

// exchange is one request and what real Sails answered, from recorded
// transcripts; Differs says where and why we do better.
type exchange struct {
	Event   string          `json:"event"`
	Message json.RawMessage `json:"message"`
	Differs string          `json:"differs"`
	Want    struct {
		StatusCode int             `json:"statusCode"`
		Headers    map[string]any  `json:"headers"`
		Body       json.RawMessage `json:"body"`
		NoBody     bool            `json:"noBody"`
		Binary     string          `json:"binary"`
		Tree       map[string]any  `json:"tree"`
	} `json:"want"`
}

// RS-1..RS-5, tables 3.2 and 3.3, VR-4..VR-9: each JWR is what real Sails sent.
func TestSailsAnswers(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/sails/*.json")
	if err != nil || len(files) == 0 {
		t.Fatal("no recorded answers", err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var exchanges []exchange
		if err := json.Unmarshal(text, &exchanges); err != nil {
			t.Fatal(file, err)
		}
		config := &action.Config{Production: strings.Contains(file, "production")}
		d := &virtualrequest.Dispatcher{Handler: config.Handler(newApp())}
		for _, e := range exchanges {
			t.Run(strings.TrimSuffix(filepath.Base(file), ".json")+"/"+string(e.Message), func(t *testing.T) {
				t.Parallel()
				e.check(t, d)
			})
		}
	}
}

func (e *exchange) check(t *testing.T, d *virtualrequest.Dispatcher) {
	r, err := virtualrequest.Parse(e.Event, e.Message)
	if err != nil {
		t.Fatal(err)
	}
	got := d.Serve(context.Background(), handshake(), r)
	if got.StatusCode != e.Want.StatusCode {
		t.Errorf("status %d, want %d", got.StatusCode, e.Want.StatusCode)
	}
	if header, err := json.Marshal(got.Header); err != nil || !sameJSON(header, e.Want.Headers) {
		t.Errorf("headers %s, want %v", header, e.Want.Headers)
	}
	switch {
	case e.Want.NoBody:
		if got.Body != nil {
			t.Errorf("body %v, want none", got.Body)
		}
	case e.Want.Binary != "":
		if b, ok := got.Body.([]byte); !ok || hex.EncodeToString(b) != e.Want.Binary {
			t.Errorf("body %v, want bytes %s", got.Body, e.Want.Binary)
		}
	case e.Want.Tree != nil:
		tree, ok := got.Body.(map[string]any)
		if !ok || !bytes.Equal(tree["bin"].([]byte), []byte("abc")) || string(tree["n"].(json.RawMessage)) != "1" {
			t.Errorf("body %v, want %v", got.Body, e.Want.Tree)
		}
	default:
		var want any
		if err := json.Unmarshal(e.Want.Body, &want); err != nil {
			t.Fatal(err)
		}
		body, err := json.Marshal(got.Body)
		if err != nil {
			t.Fatal(err)
		}
		// JavaScript dates have milliseconds, encoding/json none if they are 0.
		body = bytes.ReplaceAll(body, []byte("05:06Z"), []byte("05:06.000Z"))
		if !sameJSON(body, want) {
			t.Errorf("body %s, want %s", body, e.Want.Body)
		}
	}
	if text, ok := got.AppendJSON(nil); ok != (e.Want.Binary == "" && e.Want.Tree == nil) || ok && !json.Valid(text) {
		t.Errorf("AppendJSON = %s, %v", text, ok)
	}
}

func sameJSON(text []byte, want any) bool {
	var got any
	return json.Unmarshal(text, &got) == nil && reflect.DeepEqual(got, normal(want))
}

// normal brings want to the form json.Unmarshal gives.
func normal(want any) any {
	text, err := json.Marshal(want)
	if err != nil {
		return err
	}
	var v any
	if err := json.Unmarshal(text, &v); err != nil {
		return err
	}
	return v
}
