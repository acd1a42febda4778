package direct

import (
	"errors"
	"path"
	"strings"
)

// checkPath accepts paths that are the same in every notation.
func checkPath(p string) error {
	plain := strings.HasPrefix(p, "/")
	for i := range len(p) {
		c := p[i]
		plain = plain && ('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("-._~/", c) >= 0)
	}
	if clean := path.Clean(p); !plain || clean != p && (clean == "/" || clean+"/" != p) {
		return errors.New(`direct: the path must be plain, such as "/socket.io/"`)
	}
	return nil
}
