package route

import (
	"crypto/rand"
	"crypto/sha1" //nolint:gosec // csurf's token format; a keyed mark, not a signature
	"crypto/subtle"
	"encoding/base64"
	"strings"
)

const (
	// csrfSecretKey is where csurf keeps the secret (SE-24).
	csrfSecretKey = "csrfSecret"
	saltLength    = 8
	saltAlphabet  = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
	// maxTokenBytes bounds a token worth checking; ours have 36 bytes.
	maxTokenBytes = 256
)

// newCSRFSecret returns 18 random bytes as 24 characters (CS-7).
func newCSRFSecret() string {
	var b [18]byte
	rand.Read(b[:]) // never fails
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// newToken returns a token for secret, another one each time, so that a
// compressed page does not betray it.
func newToken(secret string) string {
	salt := make([]byte, 0, saltLength)
	var b [1]byte
	for len(salt) < saltLength {
		rand.Read(b[:])
		if i := int(b[0]) & 63; i < len(saltAlphabet) {
			salt = append(salt, saltAlphabet[i])
		}
	}
	return tokenFor(secret, string(salt))
}

func tokenFor(secret, salt string) string {
	sum := sha1.Sum([]byte(salt + "-" + secret)) //nolint:gosec // see the import
	return salt + "-" + base64.RawURLEncoding.EncodeToString(sum[:])
}

// verifyToken reports whether token was made from secret, in constant time
// (SEC-78).
func verifyToken(secret, token string) bool {
	if secret == "" || len(token) > maxTokenBytes {
		return false
	}
	salt, _, found := strings.Cut(token, "-")
	if !found {
		return false
	}
	return subtle.ConstantTimeCompare([]byte(token), []byte(tokenFor(secret, salt))) == 1
}
