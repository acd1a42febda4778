package transcript_test

import (
	"encoding/json"
	"testing"

	"github.com/go-sails/sails/internal/conformance/transcript"
)

// How often a client tries in vain does not matter; that it does, how it fails, and
// what comes before and after, does.
func TestDiff_Attempts(t *testing.T) {
	const failed, again, error2 = `{"life":"connect_error","message":"websocket error"}`, `{"life":"reconnecting"}`, `{"life":"reconnect_error","message":"websocket error"}`
	const connected, event = `{"life":"connect"}`, `{"event":"news","args":[1]}`
	for _, c := range []struct {
		name, want, got string
		same            bool
	}{
		{"more attempts", failed + "," + again + "," + failed + "," + error2, failed + "," + again + "," + failed + "," + error2 + "," + again + "," + failed + "," + error2, true},
		{"fewer attempts", failed + "," + again + "," + failed + "," + error2 + "," + again, failed + "," + again + "," + error2, true},
		{"no attempt", failed + "," + again + "," + error2, failed, false},
		{"another error", failed + "," + again, `{"life":"connect_error","message":"xhr poll error"},` + again, false},
		{"attempts after success", failed + "," + connected + "," + failed, failed + "," + connected, false},
		{"an event twice", event, event + "," + event, false},
		{"another order of events", connected + "," + event, event + "," + connected, false},
	} {
		if differences := transcript.Diff(received(t, c.want), received(t, c.got)); (len(differences) == 0) != c.same {
			t.Errorf("%s: %v", c.name, differences)
		}
	}
}

func received(t *testing.T, list string) *transcript.Transcript {
	t.Helper()
	r := &transcript.Transcript{Status: "ok"}
	if err := json.Unmarshal([]byte(`[{"quiet":true,"sockets":{"a":[`+list+`]}}]`), &r.Steps); err != nil {
		t.Fatal(err)
	}
	return r
}
