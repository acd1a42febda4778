package action

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"slices"
	"strings"

	"github.com/go-sails/sails/internal/rawjson"
	"github.com/go-sails/sails/virtualrequest"
)

var (
	// ErrBody is returned by ParseBody for a body that is not what its content
	// type says, or no object or array.
	ErrBody = errors.New("action: body cannot be parsed")
	// ErrBodyTooLarge is returned by ParseBody for a body beyond Config.MaxBody.
	ErrBodyTooLarge = errors.New("action: body too large; raise Config.MaxBody or send less")
)

// Body returns the request's body as a JSON object or array. For a virtual
// request it is the message's data, `{}` if there was none (VR-4). For plain
// HTTP it is a JSON body, or one made of a form's fields; it is `{}` for other
// content types, and undefined for GET, HEAD and bodies that ParseBody refuses.
//
// The body of a plain request is read once and kept; r.Body can be read again
// afterwards. r must not be used concurrently meanwhile.
func Body(r *http.Request) Value {
	v, _ := body(r)
	return v
}

// ParseBody reads the body of a plain HTTP request, as Body does, and says what
// is wrong with it: ErrBody, ErrBodyTooLarge, or the error of the connection.
// Sails answers such requests with 400 before an action runs. It is always nil
// for virtual requests.
func ParseBody(r *http.Request) error {
	_, err := body(r)
	return err
}

func body(r *http.Request) (Value, error) {
	if v, ok := virtualrequest.FromContext(r.Context()); ok {
		return jsonValue(v.JSON()), nil
	}
	if kept, ok := r.Body.(*keptBody); ok {
		return kept.value, kept.err
	}
	if r.Method == http.MethodGet || r.Method == http.MethodHead || r.Body == nil {
		return Value{}, nil
	}
	kept := new(keptBody)
	mediaType, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	switch {
	case err != nil:
		kept.value = emptyObject
		return kept.value, nil // nobody said what it is
	case mediaType == "application/json" || strings.HasSuffix(mediaType, "+json"):
		kept.value, kept.err = kept.read(r, parseJSON)
	case mediaType == "application/x-www-form-urlencoded":
		kept.value, kept.err = kept.read(r, parseForm)
	case mediaType == "multipart/form-data":
		return multipartBody(r)
	default:
		return emptyObject, nil
	}
	r.Body = kept
	return kept.value, kept.err
}

var emptyObject = jsonValue([]byte("{}"))

// keptBody is a request body that has been read.
type keptBody struct {
	bytes.Reader
	value Value
	err   error
}

func (*keptBody) Close() error { return nil }

func (k *keptBody) read(r *http.Request, parse func([]byte) (Value, error)) (Value, error) {
	limit := config(r).maxBody()
	text, err := io.ReadAll(io.LimitReader(r.Body, limit))
	if err == nil {
		var one [1]byte
		if n, _ := io.ReadFull(r.Body, one[:]); n > 0 {
			err = ErrBodyTooLarge
		}
	}
	_ = r.Body.Close()
	k.Reset(text)
	if err != nil {
		return Value{}, err
	}
	return parse(text)
}

func parseJSON(text []byte) (Value, error) {
	text = rawjson.Trim(text)
	if len(text) == 0 {
		return emptyObject, nil
	}
	if text[0] != '{' && text[0] != '[' {
		return Value{}, fmt.Errorf("%w: want a JSON object or array", ErrBody)
	}
	if err := rawjson.Valid(text); err != nil {
		return Value{}, fmt.Errorf("%w: %w", ErrBody, err)
	}
	return jsonValue(text), nil
}

func parseForm(text []byte) (Value, error) {
	raw, err := parsePairs(string(text), true).MarshalJSON()
	return jsonValue(raw), err
}

// multipartBody takes the text fields; net/http keeps the files.
func multipartBody(r *http.Request) (Value, error) {
	const inMemory = 1 << 20
	if r.MultipartForm == nil {
		r.Body = http.MaxBytesReader(nil, r.Body, max(config(r).maxBody(), inMemory))
		if err := r.ParseMultipartForm(inMemory); err != nil {
			return Value{}, fmt.Errorf("%w: %w", ErrBody, err)
		}
	}
	names := make([]string, 0, len(r.MultipartForm.Value))
	for name := range r.MultipartForm.Value {
		names = append(names, name)
	}
	slices.Sort(names)
	var root branch
	for _, name := range names[:min(len(names), maxParams)] {
		for _, value := range r.MultipartForm.Value[name] {
			root.insert(splitName(name), value)
		}
	}
	var params Params
	for _, name := range root.names {
		params = append(params, Named{name, root.members[name].value()})
	}
	raw, err := params.MarshalJSON()
	return jsonValue(raw), err
}
