package virtualrequest

import "net/http"

// Limits bounds what a virtual request may consist of (SEC-66, SEC-69). Zero
// means the default, a negative number no limit. Bodies nested deeper than 512
// levels are always refused with 400.
type Limits struct {
	URL         int // bytes of the url, 16 KiB by default; beyond it: 414
	Params      int // query parameters, 1,000; 400
	Headers     int // header fields in the message, 100; 431
	HeaderBytes int // their names and values together, 32 KiB; 431
	Body        int // bytes of the body, no limit of its own by default; 413
}

func (l *Limits) url() int         { return orDefault(l.URL, 16<<10) }
func (l *Limits) params() int      { return orDefault(l.Params, 1000) }
func (l *Limits) headers() int     { return orDefault(l.Headers, 100) }
func (l *Limits) headerBytes() int { return orDefault(l.HeaderBytes, 32<<10) }
func (l *Limits) body() int        { return orDefault(l.Body, -1) }

func orDefault(n, def int) int {
	if n == 0 {
		return def
	}
	return n
}

func over(n, limit int) bool { return limit >= 0 && n > limit }

// refusalText is the body of an answer that the library gives itself.
func refusalText(status int) string {
	if status == statusBadEscape {
		return "Bad request: Could not decode requested URL." // VR-8
	}
	return http.StatusText(status)
}

// statusBadEscape stands for 400 with a text of its own.
const statusBadEscape = -400
