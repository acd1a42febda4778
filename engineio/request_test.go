package engineio_test

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/go-sails/sails/engineio"
)

// What is kept of the handshake request is the request.
func TestSession_Request(t *testing.T) {
	h := newRecorder()
	r := newRig(t, h, engineio.Config{})
	r.get("EIO=4&transport=polling&x=a%20b&x=c", "X-Colon", "1:2:3", "Cookie", "a=b; c=d", "X-Empty", "")
	s := await(t, h.opened, "session")
	req := s.Request()
	if req.Method != http.MethodGet || req.Host != r.addr || req.RemoteAddr != s.RemoteAddr() || req.URL.Path != "/engine.io/" {
		t.Fatalf("%+v", req)
	}
	if got := fmt.Sprint(req.URL.Query()["x"]); got != "[a b c]" {
		t.Fatal(got)
	}
	if req.Header.Get("X-Colon") != "1:2:3" || req.Header.Get("Cookie") != "a=b; c=d" || len(req.Header["X-Empty"]) != 1 {
		t.Fatal(req.Header)
	}
	select {
	case <-req.Context().Done():
		t.Fatal("context ended with the HTTP request")
	default:
	}
	s.Close(engineio.ForcedClose)
	r.get("EIO=4&transport=polling&sid=" + s.ID())
	await(t, req.Context().Done(), "end of the context")
}
