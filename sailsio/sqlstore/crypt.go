package sqlstore

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/go-sails/sails/sailsio/model"
)

// Encrypted values are stored as encrypted-attr, which Waterline uses, writes them:
// base64 of "aes-256-gcm$$KEY" (which is authenticated too), of the nonce, of the
// encrypted JSON text and of the tag, with dollar signs in between. The parts are
// padded, but for the tag.
const cipherName = "aes-256-gcm$"

var cipherPrefix = base64.StdEncoding.EncodeToString([]byte(cipherName))

const (
	defaultKey = "default"
	tagSize    = 16
)

var keyForm = regexp.MustCompile(`^[A-Za-z$][A-Za-z0-9]*$`)

// keyring is the keys by name.
type keyring map[string]cipher.AEAD

func newKeyring(keys map[string]string) (keyring, error) {
	ring := keyring{}
	for name, text := range keys {
		if !keyForm.MatchString(name) {
			return nil, fmt.Errorf("sqlstore: the name of the data encryption key %q has to begin with a letter and hold letters and digits only", name)
		}
		key, err := decode64(text)
		if err != nil || len(key) != 32 {
			return nil, fmt.Errorf("sqlstore: the data encryption key %q has to be base64 of 32 random bytes", name)
		}
		block, err := aes.NewCipher(key)
		if err != nil {
			return nil, fmt.Errorf("sqlstore: data encryption key %q: %w", name, err)
		}
		if ring[name], err = cipher.NewGCM(block); err != nil {
			return nil, fmt.Errorf("sqlstore: data encryption key %q: %w", name, err)
		}
	}
	return ring, nil
}

// decode64 reads base64 with or without padding.
func decode64(s string) ([]byte, error) {
	return base64.RawStdEncoding.DecodeString(strings.TrimRight(s, "="))
}

type (
	decryptKey     struct{}
	encryptWithKey struct{}
)

// Decrypt returns a context in which encrypted attributes are read in clear, as
// Waterline's meta({decrypt: true}) does. Without it records hold them as the
// database does, so that no client gets to see them by mistake.
func Decrypt(ctx context.Context) context.Context { return context.WithValue(ctx, decryptKey{}, true) }

// EncryptWith returns a context in which encrypted attributes are written with the key
// of this name instead of "default", as Waterline's meta({encryptWith: …}) does.
func EncryptWith(ctx context.Context, key string) context.Context {
	return context.WithValue(ctx, encryptWithKey{}, key)
}

// seal returns what is stored of a value: itself, or encrypted when the attribute is.
// Base values are not, as in Waterline.
func (s *Store) seal(ctx context.Context, a *model.Attribute, v any) (any, error) {
	if !a.Encrypt || v == nil || v == "" || v == 0.0 || v == false {
		return v, nil
	}
	name := defaultKey
	if asked, ok := ctx.Value(encryptWithKey{}).(string); ok {
		name = asked
	}
	gcm := s.keys[name]
	if gcm == nil {
		return nil, fmt.Errorf("sqlstore: there is no data encryption key %q; give it in Config.DataEncryptionKeys", name)
	}
	plain, err := encodeJSON(v)
	if err != nil {
		return nil, err
	}
	text, _ := plain.(jsonArg)
	nonce := make([]byte, gcm.NonceSize())
	if _, err := rand.Read(nonce); err != nil {
		return nil, fmt.Errorf("sqlstore: %w", err)
	}
	head := []byte(cipherName + "$" + name)
	sealed := gcm.Seal(nil, nonce, []byte(text), head)
	body, tag := sealed[:len(sealed)-tagSize], sealed[len(sealed)-tagSize:]
	padded := base64.StdEncoding.EncodeToString
	return padded(head) + "$" + padded(nonce) + "$" + padded(body) + "$" + base64.RawStdEncoding.EncodeToString(tag), nil
}

// isSealed reports whether a value of an encrypted attribute is encrypted.
func isSealed(v any) bool {
	s, ok := v.(string)
	return ok && strings.HasPrefix(s, cipherPrefix)
}

// unseal returns the value in clear. The error tells nothing about it.
func (s *Store) unseal(a *model.Attribute, v any) (any, error) {
	if !a.Encrypt || !isSealed(v) {
		return v, nil
	}
	plain, err := s.keys.open(v.(string))
	if err != nil {
		return nil, fmt.Errorf("sqlstore: decrypting %s: %w", a.Name, err)
	}
	var out any
	if err := json.Unmarshal(plain, &out); err != nil {
		return nil, fmt.Errorf("sqlstore: decrypting %s: what was encrypted is no JSON", a.Name)
	}
	return out, nil
}

func (ring keyring) open(sealed string) ([]byte, error) {
	parts := strings.SplitN(sealed, "$", 5)
	if len(parts) != 4 {
		return nil, errors.New("it is damaged")
	}
	var raw [4][]byte
	for i, part := range parts {
		var err error
		if raw[i], err = decode64(part); err != nil {
			return nil, errors.New("it is damaged")
		}
	}
	// "aes-256-gcm$ID$KEY"; the id is empty in Waterline.
	head := strings.Split(string(raw[0]), "$")
	if len(head) != 3 {
		return nil, errors.New("it is damaged")
	}
	gcm := ring[head[2]]
	switch {
	case gcm == nil:
		return nil, fmt.Errorf("there is no data encryption key %q", head[2])
	case len(raw[1]) != gcm.NonceSize() || len(raw[3]) != tagSize:
		return nil, errors.New("it is damaged")
	}
	plain, err := gcm.Open(nil, raw[1], append(raw[2], raw[3]...), raw[0])
	if err != nil {
		return nil, errors.New("the key is not the one it was encrypted with, or it was changed")
	}
	return plain, nil
}
