package model

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Schema is a checked set of models with resolved associations. It is immutable
// and safe for concurrent use.
type Schema struct {
	models    []*Model
	byName    map[string]*Model
	junctions []*Junction
}

// Model is a definition that New has checked and completed. Its fields must not
// be changed. It is safe for concurrent use.
type Model struct {
	Identity   string
	Table      string
	PrimaryKey *Attribute
	// Attributes are all attributes in order, associations included. Column is
	// filled in; Type of a to-one association is that of the other model's key.
	Attributes []*Attribute
	// Associations are those of Attributes that refer to other models, in order.
	Associations []*Association

	ToJSON           func(Record) Record
	Lifecycle        Lifecycle
	CascadeOnDestroy bool
	Sparse           bool

	attributes   map[string]*Attribute
	associations map[string]*Association
	readable     map[string]bool
	writable     map[string]bool
}

// Limits of a schema: they keep identifiers within what every database takes.
const (
	maxModels     = 10_000
	maxAttributes = 1_000
	maxIdentifier = 63
)

var (
	identityForm  = regexp.MustCompile(`^[a-z_][a-z0-9_]*$`)
	attributeForm = regexp.MustCompile(`^[A-Za-z_$][A-Za-z0-9_$]*$`)
	columnForm    = regexp.MustCompile(`^[^\x00-\x1f."'` + "`" + `\\\]\[]+$`)
)

// New checks the definitions and resolves their associations. The error joins
// one error for each mistake; each names the model and the attribute.
func New(definitions ...Definition) (*Schema, error) {
	if len(definitions) > maxModels {
		return nil, fmt.Errorf("model: %d models; at most %d are supported", len(definitions), maxModels)
	}
	s := &Schema{byName: make(map[string]*Model, len(definitions))}
	var mistakes []error
	tables := map[string]string{}
	for i := range definitions {
		m, errs := build(&definitions[i])
		mistakes = append(mistakes, errs...)
		if m == nil {
			continue
		}
		if s.byName[m.Identity] != nil {
			mistakes = append(mistakes, fmt.Errorf("model: %s: declared twice", m.Identity))
			continue
		}
		if other, taken := tables[m.Table]; taken {
			mistakes = append(mistakes, fmt.Errorf("model: %s: table %q is also that of %s", m.Identity, m.Table, other))
		}
		tables[m.Table] = m.Identity
		s.byName[m.Identity] = m
		s.models = append(s.models, m)
	}
	mistakes = append(mistakes, s.resolve()...)
	for _, j := range s.junctions {
		if j.Model != nil {
			continue
		}
		if other, taken := tables[j.Table]; taken {
			mistakes = append(mistakes, fmt.Errorf("model: %s: the table is needed for the collections of a many-to-many association; give the model another Table", other))
		}
	}
	if len(mistakes) > 0 {
		return nil, errors.Join(mistakes...)
	}
	return s, nil
}

// Models returns the models in the order of their definitions. The slice must
// not be changed.
func (s *Schema) Models() []*Model { return s.models }

// Model returns the model with this identity.
func (s *Schema) Model(identity string) (*Model, bool) {
	m, ok := s.byName[identity]
	return m, ok
}

// Junctions returns the junction tables of the many-to-many and one-way
// collections, each once. The slice must not be changed.
func (s *Schema) Junctions() []*Junction { return s.junctions }

// Attribute returns the attribute with this name.
func (m *Model) Attribute(name string) (*Attribute, bool) {
	a, ok := m.attributes[name]
	return a, ok
}

// Association returns the association with this alias.
func (m *Model) Association(alias string) (*Association, bool) {
	a, ok := m.associations[alias]
	return a, ok
}

// Readable reports whether clients may see and filter by an attribute (SEC-83).
// It is false for undeclared names.
func (m *Model) Readable(name string) bool { return m.readable[name] }

// Writable reports whether clients may set an attribute or change a collection
// (SEC-86). It is false for undeclared names.
func (m *Model) Writable(name string) bool { return m.writable[name] }

func build(d *Definition) (*Model, []error) {
	var errs []error
	fail := func(format string, args ...any) {
		errs = append(errs, fmt.Errorf("model: %s"+format, append([]any{d.Identity}, args...)...))
	}
	if !identityForm.MatchString(d.Identity) || len(d.Identity) > maxIdentifier {
		return nil, []error{fmt.Errorf("model: identity %q: use lower-case letters, digits and underscores, at most %d", d.Identity, maxIdentifier)}
	}
	m := &Model{
		Identity: d.Identity, Table: d.Table,
		ToJSON: d.ToJSON, Lifecycle: d.Lifecycle, CascadeOnDestroy: d.CascadeOnDestroy, Sparse: d.Sparse,
		attributes:   make(map[string]*Attribute, len(d.Attributes)),
		associations: map[string]*Association{},
		readable:     make(map[string]bool, len(d.Attributes)),
		writable:     make(map[string]bool, len(d.Attributes)),
	}
	if m.Table == "" {
		m.Table = d.Identity
	}
	if !columnForm.MatchString(m.Table) || len(m.Table) > maxIdentifier {
		fail(": table %q is no usable name", m.Table)
	}
	if len(d.Attributes) > maxAttributes {
		fail(": %d attributes; at most %d are supported", len(d.Attributes), maxAttributes)
		return nil, errs
	}
	columns := map[string]string{}
	for i := range d.Attributes {
		a := d.Attributes[i]
		if !attributeForm.MatchString(a.Name) || len(a.Name) > maxIdentifier || strings.EqualFold(a.Name, "tojson") || strings.EqualFold(a.Name, "toobject") {
			fail(": attribute %q is no usable name", a.Name)
			continue
		}
		if m.attributes[a.Name] != nil {
			fail(".%s: declared twice", a.Name)
			continue
		}
		for _, mistake := range a.mistakes() {
			fail(".%s: %s", a.Name, mistake)
		}
		if a.Collection == "" {
			if a.Column == "" {
				a.Column = a.Name
			}
			// Databases differ in whether the letter case of a column counts.
			if other, taken := columns[strings.ToLower(a.Column)]; taken {
				fail(".%s: column %q is also that of %s", a.Name, a.Column, other)
			}
			columns[strings.ToLower(a.Column)] = a.Name
		}
		m.Attributes = append(m.Attributes, &a)
		m.attributes[a.Name] = &a
	}
	errs = append(errs, m.setKey(d)...)
	errs = append(errs, m.setAccess(d)...)
	return m, errs
}

func (m *Model) setKey(d *Definition) []error {
	name := d.PrimaryKey
	if name == "" {
		name = "id"
	}
	key := m.attributes[name]
	switch {
	case key == nil:
		m.PrimaryKey = &Attribute{Name: name, Type: Number}
		return []error{fmt.Errorf("model: %s: the primary key %q is not among the attributes; declare it or use WithDefaults", m.Identity, name)}
	case key.Type != Number && key.Type != String:
		m.PrimaryKey = &Attribute{Name: name, Type: Number}
		return []error{fmt.Errorf("model: %s.%s: a primary key is a number or a string", m.Identity, name)}
	case key.AllowNull || key.Default != nil || key.AutoCreatedAt || key.AutoUpdatedAt || key.Encrypt:
		m.PrimaryKey = key
		return []error{fmt.Errorf("model: %s.%s: a primary key has no AllowNull, Default, Encrypt or automatic time", m.Identity, name)}
	}
	key.Unique = true
	m.PrimaryKey = key
	return nil
}

func (m *Model) setAccess(d *Definition) []error {
	var errs []error
	for _, list := range []struct {
		name  string
		names []string
	}{{"Readable", d.Readable}, {"Writable", d.Writable}} {
		for _, name := range list.names {
			if m.attributes[name] == nil {
				errs = append(errs, fmt.Errorf("model: %s: %s names the unknown attribute %q", m.Identity, list.name, name))
			}
		}
	}
	for _, a := range m.Attributes {
		key := a == m.PrimaryKey
		m.readable[a.Name] = key || !a.Protected && (d.Readable == nil || slices.Contains(d.Readable, a.Name))
		m.writable[a.Name] = !a.Protected && !a.AutoIncrement && !a.AutoCreatedAt && !a.AutoUpdatedAt &&
			(d.Writable == nil || slices.Contains(d.Writable, a.Name))
	}
	return errs
}

// Public returns what clients may see of a record: without the attributes that
// are not readable, in a Sparse model those without a value, after ToJSON, and the
// same for populated records. The record itself is not changed.
func (m *Model) Public(r Record) Record { return m.filter(r, true) }

// ReadableOnly is Public without ToJSON.
func (m *Model) ReadableOnly(r Record) Record { return m.filter(r, false) }

func (m *Model) filter(r Record, serialise bool) Record {
	if r == nil {
		return nil
	}
	out := make(Record, len(r))
	for name, v := range r {
		if a := m.attributes[name]; a != nil && (!m.readable[name] || m.Sparse && v == nil) {
			continue
		}
		if assoc := m.associations[name]; assoc != nil {
			switch populated := v.(type) {
			case Record:
				v = assoc.Target.filter(populated, serialise)
			case []Record:
				list := make([]Record, len(populated))
				for i := range populated {
					list[i] = assoc.Target.filter(populated[i], serialise)
				}
				v = list
			}
		}
		out[name] = v
	}
	if serialise && m.ToJSON != nil {
		out = m.ToJSON(out)
	}
	return out
}
