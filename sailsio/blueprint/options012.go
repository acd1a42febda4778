package blueprint

import (
	"encoding/json"
	"math"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/go-sails/sails/sailsio/action"
	"github.com/go-sails/sails/sailsio/model"
)

// options012 reads the options of a request as the actions of Sails 0.12 do.
func (api *API) options012(r *http.Request, e *exposed, name Action, assoc *model.Association) (*Options, error) {
	rd := &reader{r: r, unsafe: api.cfg.UnsafeAutomatic, all: action.AllParams(r), o: &Options{Model: e.m, Action: name, DefaultPopulates: true}}
	o := rd.o
	if assoc != nil {
		o.Alias = assoc.Alias
	}
	switch name {
	case Add, Remove:
		o.ID, o.AssociatedIDs = rd.value("parentid"), rd.key012()
		o.Populates = []model.Populate{{Alias: o.Alias}}
		o.Values = record012(assoc.Target, rd.object("limit", "skip", "sort", "id", "parentid"), false)
		return o, nil
	case Populate:
		o.ID = rd.value("parentid")
		return o, rd.populate012(assoc)
	}
	o.ID = rd.key012()
	o.Populates = rd.populates012()
	switch name {
	case Find:
		where, err := rd.where012("limit", "skip", "sort", "populate")
		if err != nil {
			return nil, err
		}
		o.Criteria.Where = where
		rd.page012(&o.Criteria)
	case Create:
		o.Values = record012(e.m, rd.object(), rd.unsafe)
	case Update:
		o.Values = record012(e.m, rd.object("id", e.m.PrimaryKey.Name), false)
	}
	return o, nil
}

// key012 is the parameter id, unless it is an object or what JavaScript calls
// false.
func (rd *reader) key012() any {
	v := rd.value("id")
	if falsy(v) || !isKey(v) {
		return nil
	}
	return v
}

// object returns all parameters but some.
func (rd *reader) object(except ...string) map[string]any {
	values := make(map[string]any, len(rd.all))
	for _, p := range rd.all {
		if !slices.Contains(except, p.Name) {
			values[p.Name] = decode(p.Value)
		}
	}
	return values
}

// record012 keeps what clients may write (SEC-86), what the server gives by itself only
// with unsafe, in the types 0.12 casts it to.
func record012(m *model.Model, values map[string]any, unsafe bool) model.Record {
	r := model.Record{}
	for name, v := range values {
		if m.Writable(name) || unsafe && automatic(m, name) {
			r[name] = integer012(m, name, v)
		}
	}
	return r
}

// integer012 makes an integer of the value of an integer attribute, as parseInt does: what
// comes after its digits is dropped.
func integer012(m *model.Model, name string, v any) any {
	if a, ok := m.Attribute(name); !ok || a.Type != model.Number || !a.Validations.IsInteger {
		return v
	}
	switch v := v.(type) {
	case float64:
		return math.Trunc(v)
	case bool:
		return strconv.FormatBool(v) // which is no number
	case string:
		digits := leadingInteger.FindString(strings.TrimSpace(v))
		if n, err := strconv.ParseFloat(digits, 64); err == nil {
			return n
		}
	}
	return v
}

var leadingInteger = regexp.MustCompile(`^[+-]?[0-9]{1,300}`)

func (rd *reader) where012(except ...string) (any, error) {
	where := decode(rd.all.Get("where"))
	if text, ok := where.(string); ok && text != "" {
		if err := json.Unmarshal([]byte(text), &where); err != nil {
			return nil, rd.fail(model.InvalidCriteria, "SyntaxError", "The `where` parameter is no JSON.")
		}
	}
	if !falsy(where) {
		return where, nil
	}
	return rd.object(append(except, "where", "callback")...), nil
}

func (rd *reader) page012(c *model.Criteria) {
	if c.Limit = rd.value("limit"); falsy(c.Limit) {
		c.Limit = defaultLimit
	} else if c.Limit == "0" {
		c.Limit = nil // the text is not falsy, and 0 means any number
	}
	if c.Skip = rd.value("skip"); falsy(c.Skip) {
		c.Skip = nil
	}
	c.Sort = rd.sort()
}

// populates012 are the associations of the answer: those the parameter names, in
// brackets or not, else all; names of others are ignored (BO-10).
func (rd *reader) populates012() []model.Populate {
	list := defaultPopulates(rd.o.Model)
	filter, ok := rd.value("populate").(string)
	if !ok {
		return list
	}
	names := strings.Split(strings.NewReplacer("[", "", "]", "").Replace(filter), ",")
	return slices.DeleteFunc(list, func(p model.Populate) bool { return !slices.Contains(names, p.Alias) })
}

func (rd *reader) populate012(assoc *model.Association) error {
	p := model.Populate{Alias: assoc.Alias}
	if assoc.Kind == model.ToMany {
		if id := rd.key012(); id != nil {
			p.Criteria.Where = model.Record{assoc.Target.PrimaryKey.Name: id}
		} else {
			where, err := rd.where012("limit", "skip", "sort", "id", "parentid")
			if err != nil {
				return err
			}
			p.Criteria.Where = where
		}
		rd.page012(&p.Criteria)
	}
	rd.o.Populates = []model.Populate{p}
	return nil
}
