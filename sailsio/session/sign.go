package session

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"strings"
)

// Sign appends the signature of value: value + "." + base64(HMAC-SHA256) without
// padding, the format of the npm package cookie-signature (SE-3).
func Sign(value, secret string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(value))
	return value + "." + base64.RawStdEncoding.EncodeToString(mac.Sum(nil))
}

// Unsign returns the value of a signed text, and whether one of the secrets
// signed it. The comparison takes constant time (SE-5, SEC-77). Unlike
// cookie-signature it does not overlook what follows a valid signature.
func Unsign(signed string, secrets ...string) (string, bool) {
	dot := strings.LastIndexByte(signed, '.')
	if dot < 0 {
		return "", false
	}
	value := signed[:dot]
	for _, secret := range secrets {
		if subtle.ConstantTimeCompare([]byte(signed), []byte(Sign(value, secret))) == 1 {
			return value, true
		}
	}
	return "", false
}

// newID makes a session id: 24 random bytes, URL-safe base64, 32 characters
// (SE-2).
func newID() string {
	var b [24]byte
	rand.Read(b[:]) // never fails (crypto/rand since Go 1.24)
	return base64.RawURLEncoding.EncodeToString(b[:])
}
