package action

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"slices"

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
// HTTP it is a JSON body, or one made of a form's fields. A body of another or no
// content type that is a JSON object or array nevertheless counts as such, any
// other is `{}`. The body is undefined for GET, HEAD, OPTIONS and bodies that
// ParseBody refuses.
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
	if _, looked := r.Body.(resumed); looked {
		return emptyObject, nil
	}
	if r.Method == http.MethodGet || r.Method == http.MethodHead || r.Method == http.MethodOptions || r.Body == nil {
		return Value{}, nil
	}
	kept := new(keptBody)
	mediaType, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil {
		mediaType = "" // nobody said what it is
	}
	switch mediaType {
	case "application/json":
		kept.value, kept.err = kept.read(r, parseJSON)
	case "application/x-www-form-urlencoded":
		kept.value, kept.err = kept.read(r, parseForm)
	case "multipart/form-data":
		return multipartBody(r)
	default:
		return undeclared(r)
	}
	r.Body = kept
	return kept.value, kept.err
}

// undeclared looks whether the body of another content type is JSON all the same,
// as clients may forget to say so. What is not is left to be read.
func undeclared(r *http.Request) (Value, error) {
	start := make([]byte, 0, 512)
	for len(rawjson.Trim(start)) == 0 && len(start) < cap(start) {
		n, err := r.Body.Read(start[len(start):cap(start)])
		start = start[:len(start)+n]
		if err != nil {
			break // seen again by who reads on
		}
	}
	r.Body = resumed{io.MultiReader(bytes.NewReader(start), r.Body), r.Body}
	if text := rawjson.Trim(start); len(text) == 0 || text[0] != '{' && text[0] != '[' {
		return emptyObject, nil
	}
	limit := config(r).maxBody()
	text, err := io.ReadAll(io.LimitReader(r.Body, limit))
	if err == nil {
		var one [1]byte
		if n, _ := io.ReadFull(r.Body, one[:]); n > 0 { // more than one would keep
			r.Body = resumed{io.MultiReader(bytes.NewReader(text), bytes.NewReader(one[:]), r.Body), r.Body}
			return emptyObject, nil
		}
	}
	kept := &keptBody{value: emptyObject}
	kept.Reset(text)
	_ = r.Body.Close()
	r.Body = kept
	if err != nil {
		kept.value, kept.err = Value{}, err
	} else if value, err := parseJSON(text); err == nil {
		kept.value = value
	}
	return kept.value, kept.err
}

// resumed is a body whose first bytes have been looked at.
type resumed struct {
	io.Reader
	io.Closer
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
	raw, err := parseNested(string(text), formNesting).MarshalJSON()
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
	var f fields
	for _, name := range names[:min(len(names), maxParams)] {
		for _, value := range r.MultipartForm.Value[name] {
			f.add(name, value)
		}
	}
	raw, err := f.nested(formNesting).MarshalJSON()
	return jsonValue(raw), err
}
