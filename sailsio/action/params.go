package action

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/go-sails/sails/internal/rawjson"
)

// Named is a parameter with its name.
type Named struct {
	Name  string
	Value Value
}

// Params is a list of parameters in the order they were sent, with each name at
// most once. Names have no meaning: `__proto__` and the like are names as any
// other (SEC-79).
type Params []Named

// Get returns the value of a name, undefined if there is none.
func (p Params) Get(name string) Value {
	for _, n := range p {
		if n.Name == name {
			return n.Value
		}
	}
	return Value{}
}

// MarshalJSON writes an object with the parameters in order, each bit for bit as
// it was sent.
func (p Params) MarshalJSON() ([]byte, error) {
	size := len("{}")
	for i := range p {
		size += len(p[i].Name) + len(p[i].Value.raw) + len(p[i].Value.text) + len(`"":"",`)
	}
	out := append(make([]byte, 0, size), '{')
	for i := range p {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(rawjson.AppendString(out, p[i].Name), ':')
		out = p[i].Value.append(out)
	}
	return append(out, '}'), nil
}

// Decode decodes the parameters, as one JSON object, into dst. Parameters from
// path and query are strings.
func (p Params) Decode(dst any) error {
	raw, err := p.MarshalJSON()
	if err != nil {
		return err
	}
	return json.Unmarshal(raw, dst)
}

// collector builds Params: a later value of a name replaces the earlier one in
// its place.
type collector struct {
	list Params
	at   map[string]int // made when the list is long enough to need it
}

const indexFrom = 8

func (c *collector) find(name string) int {
	if c.at != nil {
		if i, ok := c.at[name]; ok {
			return i
		}
		return -1
	}
	for i := range c.list {
		if c.list[i].Name == name {
			return i
		}
	}
	return -1
}

func (c *collector) set(name string, v Value) {
	if i := c.find(name); i >= 0 {
		c.list[i].Value = v
		return
	}
	c.list = append(c.list, Named{name, v})
	if c.at != nil {
		c.at[name] = len(c.list) - 1
	} else if len(c.list) == indexFrom {
		c.at = make(map[string]int, 2*indexFrom)
		for i, n := range c.list {
			c.at[n.Name] = i
		}
	}
}

func (c *collector) add(p Params) {
	for _, n := range p {
		c.set(n.Name, n.Value)
	}
}

// PathParam is a part of the path that a route gave a name. Wildcards and
// unnamed groups of regular expressions are called "0", "1", ... as in Sails.
type PathParam struct {
	Name, Value string
}

type pathKey struct{}

// WithParams returns a copy of r with the path parameters params, decoded and in
// route order, in place of those it had. It is for routers; an optional
// parameter that did not occur must be left out (VR-7).
func WithParams(r *http.Request, params []PathParam) *http.Request {
	return r.WithContext(context.WithValue(r.Context(), pathKey{}, params))
}

// Vars makes the path variables of another router known to the package:
// router.Use(action.Vars(mux.Vars)) for gorilla/mux. Routers that use
// http.Request.SetPathValue, as http.ServeMux does, need nothing.
func Vars(vars func(*http.Request) map[string]string) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if found := vars(r); len(found) > 0 {
				params := make([]PathParam, 0, len(found))
				for name, value := range found {
					params = append(params, PathParam{name, value})
				}
				slices.SortFunc(params, func(a, b PathParam) int { return strings.Compare(a.Name, b.Name) })
				r = WithParams(r, params)
			}
			next.ServeHTTP(w, r)
		})
	}
}

// PathParams returns the path parameters of r in route order.
func PathParams(r *http.Request) []PathParam {
	if params, ok := r.Context().Value(pathKey{}).([]PathParam); ok {
		return params
	}
	if r.Pattern == "" {
		return nil
	}
	var params []PathParam
	for _, name := range patternNames(r.Pattern) {
		params = append(params, PathParam{name, r.PathValue(name)})
	}
	return params
}

// patternNames lists the wildcards of an http.ServeMux pattern.
func patternNames(pattern string) []string {
	var names []string
	for {
		_, after, ok := strings.Cut(pattern, "{")
		if !ok {
			return names
		}
		name, rest, ok := strings.Cut(after, "}")
		if !ok {
			return names
		}
		if name = strings.TrimSuffix(name, "..."); name != "" && name != "$" {
			names = append(names, name)
		}
		pattern = rest
	}
}

func pathValue(r *http.Request, name string) (string, bool) {
	if params, ok := r.Context().Value(pathKey{}).([]PathParam); ok {
		for _, p := range params {
			if p.Name == name {
				return p.Value, true
			}
		}
		return "", false
	}
	if v := r.PathValue(name); v != "" {
		return v, true
	}
	return "", r.Pattern != "" && slices.Contains(patternNames(r.Pattern), name)
}

// Param returns the parameter called name: from the path, else the body, else
// the query, as req.param does (VR-7). A null in the body counts as sent. A body
// that cannot be read counts as empty; see ParseBody. Code that reads many
// parameters is better off with AllParams.
func Param(r *http.Request, name string) Value {
	if v, ok := pathValue(r, name); ok {
		return stringValue(v)
	}
	if v := member(Body(r), name); v.Defined() {
		return v
	}
	if r.URL.RawQuery == "" {
		return Value{}
	}
	return Query(r).Get(name)
}

// AllParams returns all parameters as req.allParams does: those of the query,
// overridden by the body's, overridden by the path's (VR-7). The elements of an
// array body are called "0", "1", and so on.
func AllParams(r *http.Request) Params {
	var c collector
	if r.URL.RawQuery != "" {
		c.list = queryParams(r)
	}
	if len(c.list) >= indexFrom {
		list := c.list
		c.list = nil
		c.add(list)
	}
	c.add(bodyParams(Body(r)))
	for _, p := range PathParams(r) {
		c.set(p.Name, stringValue(p.Value))
	}
	return c.list
}

// member returns a member of an object, or an element of an array by its index.
func member(body Value, name string) (found Value) {
	if body.kind != jsonText {
		return found
	}
	i := 0
	_ = rawjson.Elements(body.raw, func(value []byte) bool {
		if strconv.Itoa(i) == name {
			found = jsonValue(value)
		}
		i++
		return !found.Defined()
	})
	_ = rawjson.Members(body.raw, func(key, value []byte) bool {
		if s, _ := rawjson.Text(key); s == name {
			found = jsonValue(value) // the last of several wins
		}
		return true
	})
	return found
}

func bodyParams(body Value) Params {
	if body.kind != jsonText {
		return nil
	}
	var c collector
	_ = rawjson.Elements(body.raw, func(value []byte) bool {
		c.set(strconv.Itoa(len(c.list)), jsonValue(value))
		return true
	})
	_ = rawjson.Members(body.raw, func(key, value []byte) bool {
		name, _ := rawjson.Text(key)
		c.set(name, jsonValue(value))
		return true
	})
	return c.list
}
