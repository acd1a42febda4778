package clusterwire

import (
	"cmp"
	"errors"
	"time"

	"github.com/go-sails/sails/internal/rawjson"
	"github.com/go-sails/sails/internal/sioproto"
	"github.com/go-sails/sails/socketio"
)

// Options say which sockets are meant.
type Options struct {
	Rooms  Names  `json:"rooms"`
	Except Names  `json:"except"`
	Flags  *Flags `json:"flags,omitempty"`
}

// Flags travel with Options.
type Flags struct {
	Volatile bool     `json:"volatile,omitempty"`
	Compress *bool    `json:"compress,omitempty"`
	Timeout  *float64 `json:"timeout,omitempty"` // milliseconds
}

// OptionsOf returns the options of a target, without its flags.
func OptionsOf(t socketio.Target) *Options {
	o := &Options{Rooms: t.Rooms, Except: t.Except}
	if o.Rooms == nil {
		o.Rooms = Names{}
	}
	if o.Except == nil {
		o.Except = Names{}
	}
	return o
}

// WithFlags adds the flags, which broadcasts have.
func (o *Options) WithFlags(f socketio.Flags) *Options {
	o.Flags = &Flags{Volatile: f.Volatile}
	if f.NoCompress {
		no := false
		o.Flags.Compress = &no
	}
	if f.Timeout > 0 {
		ms := float64(f.Timeout.Milliseconds())
		o.Flags.Timeout = &ms
	}
	return o
}

// Target is what o says, everyone when o is nil.
func (o *Options) Target() socketio.Target {
	if o == nil {
		return socketio.Target{}
	}
	t := socketio.Target{Rooms: o.Rooms, Except: o.Except}
	if f := o.Flags; f != nil {
		t.Flags.Volatile = f.Volatile
		t.Flags.NoCompress = f.Compress != nil && !*f.Compress
		if f.Timeout != nil && *f.Timeout > 0 && *f.Timeout < float64(24*time.Hour/time.Millisecond) {
			t.Flags.Timeout = time.Duration(*f.Timeout * float64(time.Millisecond))
		}
	}
	return t
}

// Names are rooms. JavaScript nodes may have numbers there.
type Names []string

// UnmarshalJSON takes an array of names: strings, or other scalars by their spelling.
func (n *Names) UnmarshalJSON(data []byte) error {
	list := Names{}
	var fault error
	if sioproto.Kind(data) != 'n' {
		err := rawjson.Elements(data, func(value []byte) bool {
			var name Name
			fault = name.UnmarshalJSON(value)
			list = append(list, string(name))
			return fault == nil
		})
		if fault = cmp.Or(fault, err); fault != nil {
			return fault
		}
	}
	*n = list
	return nil
}

// Name is a room.
type Name string

// UnmarshalJSON takes a string, or a scalar by its spelling.
func (n *Name) UnmarshalJSON(data []byte) error {
	switch sioproto.Kind(data) {
	case '{', '[':
		return errors.New("clusterwire: a room name is no scalar")
	case '"':
		text, ok := rawjson.Text(data)
		if !ok {
			return rawjson.ErrSyntax
		}
		*n = Name(text)
		return nil
	}
	*n = Name(data)
	return nil
}
