package session

import (
	"net/http"
	"time"
)

// SignedID is the id a request's cookie names.
func SignedID(header http.Header, name string, secrets ...string) string {
	return signedID(header, name, secrets)
}

// CookieValues lists what the header holds under name.
func CookieValues(header http.Header, name string) []string {
	var values []string
	cookieValues(header, name, func(v string) bool { values = append(values, v); return true })
	return values
}

// CookieValue is a cookie as sent: encoded, with prefix and signature.
func CookieValue(sid, secret string) string { return encodeCookieValue("s:" + Sign(sid, secret)) }

// Recode reads a stored session and writes it again, as of now; the second
// result is its Set-Cookie for id "V".
func Recode(stored []byte, now time.Time) (again []byte, setCookie string, err error) {
	r, err := decodeRecord(stored)
	if err != nil {
		return nil, "", err
	}
	return r.encode(now), r.cookie.setCookie("sails.sid", "V", "k", now), nil
}

// Busy is the number of session ids that requests are working with.
func (m *Manager) Busy() int {
	m.requests.mu.Lock()
	defer m.requests.mu.Unlock()
	return len(m.requests.slots)
}
