package wsconn

import (
	"crypto/sha1"
	"encoding/base64"
	"net/http"
)

// acceptGUID is appended to the client's key (RFC 6455 §1.3).
const acceptGUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

// CheckRequest judges the opening handshake of a client without touching the
// connection. status is 0 when r may be upgraded; else it is the status to answer
// with, 426 for a version other than 13 and 400 for the rest, and reason says what
// is wrong (SEC-7, RFC 6455 §4.2.1). The method is compared exactly, tokens in any
// ASCII case; a request with a body is refused, since nobody could tell its bytes
// from frames. Time is linear in the size of the header (SEC-10).
func CheckRequest(r *http.Request) (status int, reason string) {
	switch {
	case r.Method != http.MethodGet:
		return http.StatusBadRequest, "upgrade needs the method GET"
	case r.ProtoMajor != 1 || r.ProtoMinor < 1:
		return http.StatusBadRequest, "upgrade needs HTTP/1.1"
	case r.ContentLength != 0 || len(r.TransferEncoding) > 0:
		return http.StatusBadRequest, "upgrade with a body"
	case !hasToken(r.Header["Connection"], "upgrade"):
		return http.StatusBadRequest, "Connection header lacks upgrade"
	case !hasToken(r.Header["Upgrade"], "websocket"):
		return http.StatusBadRequest, "Upgrade header lacks websocket"
	}
	if v := r.Header["Sec-Websocket-Version"]; len(v) != 1 || v[0] != "13" {
		return http.StatusUpgradeRequired, "WebSocket version is not 13"
	}
	if v := r.Header["Sec-Websocket-Key"]; len(v) != 1 || !validKey(v[0]) {
		return http.StatusBadRequest, "Sec-WebSocket-Key is not 16 bytes in base64"
	}
	return 0, ""
}

// validKey reports whether key is base64 of 16 bytes.
func validKey(key string) bool {
	var raw [18]byte
	if len(key) != 24 {
		return false
	}
	n, err := base64.StdEncoding.Decode(raw[:], []byte(key))
	return err == nil && n == 16
}

// appendAccept appends the answer to the client's key.
func appendAccept(dst []byte, key string) []byte {
	h := sha1.New()
	h.Write([]byte(key))
	h.Write([]byte(acceptGUID))
	var sum [sha1.Size]byte
	return base64.StdEncoding.AppendEncode(dst, h.Sum(sum[:0]))
}
