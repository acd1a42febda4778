package wsconn

import (
	"encoding/binary"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Close codes of RFC 6455 §7.4.1 that this package sends or reports.
const (
	CloseNormal       uint16 = 1000
	CloseGoingAway    uint16 = 1001
	CloseProtocol     uint16 = 1002 // framing broken
	CloseNoStatus     uint16 = 1005 // reported only: a close frame without a code
	CloseInvalidData  uint16 = 1007 // text that is not UTF-8, compressed data that is broken
	ClosePolicy       uint16 = 1008 // a bound other than the message size
	CloseTooBig       uint16 = 1009 // message over the limit
	CloseInternal     uint16 = 1011
	CloseTryAgain     uint16 = 1013
	maxReason                = maxControl - 2
	closeCodeBodySize        = 2
)

// CloseError says why input was refused and with which code the connection is
// to be closed. Code may always be sent with [AppendClose].
type CloseError struct {
	Code   uint16
	Reason string // English, lower-case, never text of the peer
}

func (e *CloseError) Error() string {
	return "wsconn: " + e.Reason + " (close code " + strconv.Itoa(int(e.Code)) + ")"
}

func protocolError(reason string) error { return &CloseError{CloseProtocol, reason} }

// ValidCloseCode reports whether code may stand in a close frame on the wire:
// 1000 to 1003, 1007 to 1014 and 3000 to 4999 (SEC-19).
func ValidCloseCode(code uint16) bool {
	return code >= 1000 && code <= 1003 || code >= 1007 && code <= 1014 || code >= 3000 && code <= 4999
}

// AppendClose appends an unmasked close frame, as a server sends it, and returns
// the extended slice. See [AppendCloseBody] for code and reason.
func AppendClose(dst []byte, code uint16, reason string) []byte {
	var scratch [maxControl]byte
	return AppendFrame(dst, OpClose, AppendCloseBody(scratch[:0], code, reason))
}

// AppendCloseBody appends the payload of a close frame and returns the extended
// slice; a client masks it with [AppendMasked]. A code that may not be sent, such
// as [CloseNoStatus], gives an empty body. reason is made valid UTF-8 and cut to
// 123 bytes at a character boundary.
func AppendCloseBody(dst []byte, code uint16, reason string) []byte {
	if !ValidCloseCode(code) {
		return dst
	}
	dst = binary.BigEndian.AppendUint16(dst, code)
	reason = strings.ToValidUTF8(reason, "\uFFFD")
	if len(reason) > maxReason {
		end := maxReason
		for !utf8.RuneStart(reason[end]) {
			end--
		}
		reason = reason[:end]
	}
	return append(dst, reason...)
}

// parseClose checks the payload of a close frame.
func parseClose(body []byte) (code uint16, reason string, err error) {
	switch {
	case len(body) == 0:
		return CloseNoStatus, "", nil
	case len(body) < closeCodeBodySize:
		return 0, "", protocolError("close frame with one byte of code")
	}
	code = binary.BigEndian.Uint16(body)
	if !ValidCloseCode(code) {
		return 0, "", protocolError("close code that may not be sent")
	}
	if !utf8.Valid(body[closeCodeBodySize:]) {
		return 0, "", &CloseError{CloseInvalidData, "close reason is not UTF-8"}
	}
	return code, string(body[closeCodeBodySize:]), nil
}
