package blueprint

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"github.com/go-sails/sails/sailsio/action"
	"github.com/go-sails/sails/sailsio/model"
)

// Options are what an action does, read from a request by default (spec 7.3).
type Options struct {
	Model  *model.Model
	Action Action

	// ID is the primary key of the record concerned, as sent: id, or parentid for
	// Populate, Add, Remove and Replace. Nil when the request has none.
	ID any

	// Scope narrows the records that the request can see or change, in the words
	// of Criteria.Where. Unlike what clients send it may name any attribute. It
	// applies to the record of ID too: outside it there is none (404). Requests
	// never set it.
	Scope any

	// Criteria select the records of Find and the attributes of FindOne.
	Criteria model.Criteria
	// Populates are the associations in the answer.
	Populates []model.Populate
	// DefaultPopulates says that Populates are not the client's choice, so that
	// their number is not limited.
	DefaultPopulates bool

	// Values are the attributes of a new record for Create, those to change for
	// Update. What clients may not write is left out already.
	Values model.Record

	// Alias is the association of Populate, Add, Remove and Replace.
	Alias string
	// AssociatedIDs are the keys of the other records of Add, Remove and Replace,
	// as sent: one key or a list.
	AssociatedIDs any

	sent []string // the names of Values in the order in which they were sent
}

// Limits that the blueprints put where a request does not say.
const defaultLimit = 30

// reader reads the options of one request.
type reader struct {
	r      *http.Request
	unsafe bool // Config.UnsafeAutomatic
	all    action.Params
	o      *Options
}

func (rd *reader) fail(code, thrown, format string, args ...any) error {
	return unparsable{&model.UsageError{Code: code, Model: rd.o.Model.Identity, Details: fmt.Sprintf(format, args...)}, thrown}
}

// options reads the options as parseBlueprintOptions does.
func (api *API) options(r *http.Request, e *exposed, name Action, assoc *model.Association) (*Options, error) {
	rd := &reader{r: r, unsafe: api.cfg.UnsafeAutomatic, all: action.AllParams(r), o: &Options{Model: e.m, Action: name, DefaultPopulates: true}}
	rd.o.Populates = defaultPopulates(e.m)
	if assoc != nil {
		rd.o.Alias = assoc.Alias
	}
	var err error
	switch name {
	case Find, FindOne:
		err = rd.find()
	case Create:
		rd.o.Values = rd.newRecord()
	case Update:
		rd.o.ID = rd.value("id")
		rd.o.Values = rd.writable(func(name string) bool { return name == "id" || name == e.m.PrimaryKey.Name })
	case Destroy:
		rd.o.ID = rd.value("id")
	case Add, Remove:
		rd.o.ID, rd.o.AssociatedIDs = rd.value("parentid"), rd.value("childid")
	case Replace:
		rd.o.ID = rd.value("parentid")
		rd.o.AssociatedIDs, err = rd.replacement()
	case Populate:
		rd.o.ID = rd.value("parentid")
		rd.o.DefaultPopulates = true
		err = rd.populate(assoc)
	}
	return rd.o, err
}

// membersBounded refuses records with too many members in a collection (SEC-84).
func (api *API) membersBounded(o *Options) error {
	for _, assoc := range o.Model.Associations {
		list, ok := o.Values[assoc.Alias].([]any)
		if most := api.cfg.Limits.In; ok && most > 0 && len(list) > most {
			code := model.InvalidNewRecord
			if o.Action == Update {
				code = model.InvalidValuesToSet
			}
			return &model.UsageError{Code: code, Model: o.Model.Identity, Details: fmt.Sprintf("Could not use specified `%s`.  There are more than %d ids.", assoc.Alias, most)}
		}
	}
	return nil
}

// defaultPopulates are all associations that clients may see, collections with
// the default limit (BP-30).
func defaultPopulates(m *model.Model) []model.Populate {
	var list []model.Populate
	for _, assoc := range m.Associations {
		if !m.Readable(assoc.Alias) {
			continue
		}
		p := model.Populate{Alias: assoc.Alias}
		if assoc.Kind == model.ToMany {
			p.Criteria.Limit = defaultLimit
		}
		list = append(list, p)
	}
	return list
}

// decode returns the value of a parameter; nil when it was not sent.
func decode(v action.Value) any {
	if !v.Defined() {
		return nil
	}
	var out any
	if v.Decode(&out) != nil {
		return nil
	}
	return out
}

// value returns a parameter: of the path, the body or the query.
func (rd *reader) value(name string) any { return decode(action.Param(rd.r, name)) }

// falsy reports whether JavaScript takes a value for false.
func falsy(v any) bool { return v == nil || v == false || v == 0.0 || v == "" }

func (rd *reader) find() error {
	m := rd.o.Model
	if rd.o.Action == FindOne {
		rd.o.ID = rd.value("id")
	} else {
		where, err := rd.where("limit", "skip", "sort", "populate", "select", "omit")
		if err != nil {
			return err
		}
		rd.o.Criteria.Where = where
		if err := rd.page(&rd.o.Criteria); err != nil {
			return err
		}
	}
	if err := rd.projection(&rd.o.Criteria); err != nil {
		return err
	}
	switch list := rd.value("populate").(type) {
	case string:
		if list == "" {
			return nil
		}
		rd.o.Populates, rd.o.DefaultPopulates = nil, false
		if list == "false" {
			return nil
		}
		for alias := range strings.SplitSeq(list, ",") {
			rd.o.Populates = append(rd.o.Populates, model.Populate{Alias: strings.TrimSpace(alias)})
		}
	default:
		if !falsy(list) {
			return rd.fail(model.InvalidPopulates, "TypeError: attributes.split is not a function", "The `populate` parameter of `%s` should be a string of names with commas in between.", m.Identity)
		}
	}
	return nil
}

// where reads the criteria: the parameter of that name, or all parameters but
// the given ones (BP-32).
func (rd *reader) where(except ...string) (any, error) {
	where := decode(rd.all.Get("where"))
	if text, ok := where.(string); ok {
		if err := json.Unmarshal([]byte(text), &where); err != nil {
			// The parser's own words quote input, and differ between parsers.
			return nil, rd.fail(model.InvalidCriteria, "UsageError: Could not JSON.parse() the provided `where` clause. Here is the raw error: SyntaxError", "Could not JSON.parse() the provided `where` clause.")
		}
	}
	if !falsy(where) {
		return where, nil
	}
	rest := make(map[string]any, len(rd.all))
next:
	for _, p := range rd.all {
		for _, name := range except {
			if p.Name == name {
				continue next
			}
		}
		rest[p.Name] = decode(p.Value)
	}
	return rest, nil
}

// refused is the error for a clause of the criteria, or of those of Populate, as
// Model.Query has it.
func (rd *reader) refused(details string) error {
	err := &model.UsageError{Code: model.InvalidCriteria, Model: rd.o.Model.Identity, Details: details}
	if rd.o.Action == Populate {
		err.Code = model.InvalidPopulates
		err.Details = "Could not use the specified subcriteria for populating `" + rd.o.Alias + "`: " + details
	}
	return err
}

func (rd *reader) page(c *model.Criteria) error {
	c.Limit = defaultLimit
	if limit := action.Param(rd.r, "limit"); limit.Defined() {
		if c.Limit = decode(limit); c.Limit == nil {
			c.Limit = -1 // null means no limit
		}
	}
	if skip := action.Param(rd.r, "skip"); skip.Defined() {
		if c.Skip = decode(skip); c.Skip == nil {
			return rd.refused("The `skip` clause in the provided criteria is invalid.  If provided, it should be either zero (0), or a safe, natural number (e.g. 4).  But instead, got: null")
		}
	}
	if c.Sort = rd.sort(); c.Sort == nil && action.Param(rd.r, "sort").Defined() {
		return rd.refused("Could not use the provided `sort` clause: The `sort` clause in the provided criteria is invalid.  If specified, it should be either a string like `'fullName DESC'`, or an array like `[ { fullName: 'DESC' } ]`.  But instead, got: null")
	}
	return nil
}

func (rd *reader) projection(c *model.Criteria) error {
	for _, clause := range []struct {
		name string
		into *[]string
	}{{"select", &c.Select}, {"omit", &c.Omit}} {
		v := action.Param(rd.r, clause.name)
		if !v.Defined() {
			continue
		}
		text, ok := decode(v).(string)
		if !ok {
			thrown := "TypeError: req.param(...).split is not a function"
			if decode(v) == nil {
				thrown = "TypeError: Cannot read properties of null (reading 'split')"
			}
			return rd.fail(model.InvalidCriteria, thrown, "The `%s` parameter should be a string of names with commas in between.", clause.name)
		}
		for name := range strings.SplitSeq(text, ",") {
			*clause.into = append(*clause.into, strings.TrimSpace(name))
		}
		return nil // select wins over omit (BP-36)
	}
	return nil
}

// writable returns the parameters that clients may write (SEC-86).
func (rd *reader) writable(except func(name string) bool) model.Record {
	values := model.Record{}
	for _, p := range rd.all {
		if (rd.o.Model.Writable(p.Name) || rd.unsafe && automatic(rd.o.Model, p.Name)) && !except(p.Name) {
			values[p.Name] = decode(p.Value)
			rd.o.sent = append(rd.o.sent, p.Name)
		}
	}
	return values
}

// automatic reports whether the server gives an attribute by itself.
func automatic(m *model.Model, name string) bool {
	a, ok := m.Attribute(name)
	return ok && !a.Protected && (a.AutoIncrement || a.AutoCreatedAt || a.AutoUpdatedAt)
}

func (rd *reader) newRecord() model.Record {
	m := rd.o.Model
	values := rd.writable(func(string) bool { return false })
	body, query := action.Body(rd.r), action.Query(rd.r)
	var sent map[string]json.RawMessage
	if body.Defined() {
		_ = body.Decode(&sent) // an array has no names
	}
	for _, assoc := range m.Associations {
		if assoc.Kind != model.ToMany || !m.Writable(assoc.Alias) {
			continue
		}
		// ?pets=[3]: for the shortcut routes (BP-41).
		text, ok := decode(query.Get(assoc.Alias)).(string)
		if _, inBody := sent[assoc.Alias]; !ok || inBody {
			continue
		}
		var parsed any
		if json.Unmarshal([]byte(text), &parsed) == nil {
			values[assoc.Alias] = parsed
		}
	}
	return values
}

// replacement returns the new members of a collection: the body when it is an
// array, else the query parameter named like the collection (BP-43).
func (rd *reader) replacement() (any, error) {
	if list, ok := decode(action.Body(rd.r)).([]any); ok {
		return list, nil
	}
	ids := decode(action.Query(rd.r).Get(rd.o.Alias))
	if text, ok := ids.(string); ok {
		var parsed any
		if json.Unmarshal([]byte(text), &parsed) != nil {
			details := "The associated ids provided in this request (for the `" + rd.o.Alias + "` collection) are not valid.  If specified as a string, the associated ids provided to the \"replace\" blueprint action must be parseable as a JSON array, e.g. `[1, 2]`."
			return nil, rd.fail(model.InvalidAssociatedIDs, "UsageError: "+details, "%s", details)
		}
		return parsed, nil
	}
	return ids, nil
}

// populate reads the criteria for the members of a collection (BP-44).
func (rd *reader) populate(assoc *model.Association) error {
	p := model.Populate{Alias: assoc.Alias}
	if assoc.Kind == model.ToMany {
		where, err := rd.where("limit", "skip", "sort", "populate", "select", "omit", "parentid")
		if err != nil {
			return err
		}
		p.Criteria.Where = where
		if err := rd.page(&p.Criteria); err != nil {
			return err
		}
	} else {
		p.Criteria.Limit, p.Criteria.Skip, p.Criteria.Sort = rd.value("limit"), rd.value("skip"), rd.sort()
	}
	if err := rd.projection(&p.Criteria); err != nil {
		return err
	}
	rd.o.Populates = []model.Populate{p}
	return nil
}
