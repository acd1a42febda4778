package project

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/go-sails/sails/sailsio/manifest"
	"github.com/go-sails/sails/sailsio/model"
)

// modelStruct is one model as the template sees it.
type modelStruct struct {
	*manifest.Model
	Type    string // in Go
	File    string
	Fields  []field
	Changes []string // statements that complete the definition d
	Imports []string
}

// field is one attribute.
type field struct {
	Name, Type, Tag, Comment string
}

// structs makes the types of all models.
func structs(m *manifest.Manifest) ([]*modelStruct, error) {
	definitions, err := m.Definitions()
	if err != nil {
		return nil, err
	}
	if _, err := model.New(definitions...); err != nil { // names become Go source
		return nil, err
	}
	taken := newNames("models", "Models", "Definitions", "Open", "Unported", "Ref")
	list := make([]*modelStruct, len(m.Models))
	byIdentity := map[string]*modelStruct{}
	for i := range m.Models {
		md := &m.Models[i]
		list[i] = &modelStruct{Model: md, Type: taken.exported(md.Identity), File: taken.file(md.Identity)}
		byIdentity[md.Identity] = list[i]
	}
	for _, s := range list {
		if err := s.fill(byIdentity, m.Sails012 != nil); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// Key is the primary key's attribute.
func (s *modelStruct) Key() string { return cmp.Or(s.PrimaryKey, "id") }

func (s *modelStruct) attribute(name string) *manifest.Attribute {
	i := slices.IndexFunc(s.Attributes, func(a manifest.Attribute) bool { return a.Name == name })
	if i < 0 {
		return nil
	}
	return &s.Attributes[i]
}

func (s *modelStruct) fill(others map[string]*modelStruct, sparse bool) error {
	names := newNames("")
	for i := range s.Attributes {
		a := &s.Attributes[i]
		f := field{Name: names.exported(a.Name), Comment: comment(a.Description)}
		json := a.Name
		var err error
		if f.Type, err = s.goType(a, others); err != nil {
			return err
		}
		if a.Collection != "" {
			json += ",omitempty"
		}
		f.Tag = tag([2]string{"json", json}, [2]string{"sails", strings.Join(s.options(a, f.Type), ",")})
		if slices.Contains(s.Hidden, a.Name) {
			f.Comment = strings.TrimSpace(f.Comment + " Never shown to clients.")
		}
		s.Fields = append(s.Fields, f)
	}
	if sparse {
		s.change("d.Sparse = true // as in Sails 0.12: what has no value is left out")
	}
	if s.TableName != "" {
		s.change("d.Table = %s", strconv.Quote(s.TableName))
	}
	if s.CascadeOnDestroy {
		s.change("d.CascadeOnDestroy = true")
	}
	if len(s.ReadOnly) > 0 {
		var writable []string
		for _, a := range s.Attributes {
			if !slices.Contains(s.ReadOnly, a.Name) {
				writable = append(writable, a.Name)
			}
		}
		s.change("d.Writable = %#v // the others are read-only for clients", writable)
	}
	return nil
}

func (s *modelStruct) change(format string, args ...any) {
	s.Changes = append(s.Changes, fmt.Sprintf(format, args...))
}

func (s *modelStruct) needs(path string) {
	if !slices.Contains(s.Imports, path) {
		s.Imports = append(s.Imports, path)
	}
}

// goType is the type of an attribute's field. model.Of has to make the same
// attribute of it again.
func (s *modelStruct) goType(a *manifest.Attribute, others map[string]*modelStruct) (string, error) {
	switch target := others[cmp.Or(a.Model, a.Collection)]; {
	case a.Model == "" && a.Collection == "":
	case target == nil:
		return "", fmt.Errorf("%s.%s: there is no model %q", s.Identity, a.Name, cmp.Or(a.Model, a.Collection))
	case a.Collection != "":
		return "[]" + target.Type, nil
	default:
		key := target.attribute(target.Key())
		if key == nil {
			return "", fmt.Errorf("%s has no attribute %q to be its primary key", target.Identity, target.Key())
		}
		return "Ref[" + target.scalar(key) + ", " + target.Type + "]", nil
	}
	kind := s.scalar(a)
	if a.AllowNull && kind != "any" {
		kind = "*" + kind
	}
	return kind, nil
}

// scalar is the type of a value that is not null.
func (s *modelStruct) scalar(a *manifest.Attribute) string {
	switch a.Type {
	case "string":
		return "string"
	case "boolean":
		return "bool"
	case "number":
		if a.AutoIncrement || a.AutoCreatedAt || a.AutoUpdatedAt || a.Validations.IsInteger && a.Name != s.Key() {
			return "int64"
		}
		return "float64"
	}
	return "any"
}

// options are those of the tag; what a tag cannot say becomes a statement.
func (s *modelStruct) options(a *manifest.Attribute, goType string) []string {
	v := &a.Validations
	var list []string
	flag := func(name string, on bool) {
		if on {
			list = append(list, name)
		}
	}
	text := func(name, value, field string) {
		switch {
		case value == "":
		case strings.Contains(value, ","):
			s.change("attribute(&d, %q).%s = %q", a.Name, field, value)
		default:
			list = append(list, name+"="+value)
		}
	}
	flag("type=ref", a.Type == "ref")
	flag("key", a.Name == s.Key())
	flag("auto", a.AutoIncrement)
	flag("createdAt", a.AutoCreatedAt)
	flag("updatedAt", a.AutoUpdatedAt)
	text("model", a.Model, "Model")
	text("collection", a.Collection, "Collection")
	text("via", a.Via, "Via")
	text("through", a.Through, "Through")
	flag("dominant", a.Dominant)
	flag("required", a.Required)
	flag("unique", a.Unique)
	flag("encrypt", a.Encrypt)
	flag("null", a.AllowNull && !strings.HasPrefix(goType, "*"))
	flag("protected", slices.Contains(s.Hidden, a.Name))
	text("column", a.ColumnName, "Column")
	flag("email", v.IsEmail)
	flag("url", v.IsURL)
	flag("uuid", v.IsUUID)
	flag("ip", v.IsIP)
	flag("hexColor", v.IsHexColor)
	flag("creditCard", v.IsCreditCard)
	flag("notEmpty", v.IsNotEmptyString)
	flag("integer", v.IsInteger && goType != "int64" && goType != "*int64")
	if v.Min != nil {
		list = append(list, "min="+number(*v.Min))
	}
	if v.Max != nil {
		list = append(list, "max="+number(*v.Max))
	}
	if v.MinLength != nil {
		list = append(list, "minLength="+strconv.Itoa(*v.MinLength))
	}
	if v.MaxLength != nil {
		list = append(list, "maxLength="+strconv.Itoa(*v.MaxLength))
	}
	list = append(list, s.lists(a)...)
	list = append(list, s.defaults(a)...)
	s.rare(a)
	return append(list, s.regex(a)...) // takes the rest of the tag
}

func number(f float64) string { return strconv.FormatFloat(f, 'g', -1, 64) }

// lists are isIn and isNotIn.
func (s *modelStruct) lists(a *manifest.Attribute) []string {
	var options []string
	for _, l := range []struct {
		option, field string
		members       []json.RawMessage
	}{{"in", "IsIn", a.Validations.IsIn}, {"notIn", "IsNotIn", a.Validations.IsNotIn}} {
		if l.members == nil {
			continue
		}
		var simple, source []string
		for _, member := range l.members {
			if text, ok := plain(a.Type, member); ok && !strings.ContainsAny(text, ",|") {
				simple = append(simple, text)
			}
			source = append(source, goValue(member))
		}
		if len(simple) == len(l.members) && len(simple) > 0 {
			options = append(options, l.option+"="+strings.Join(simple, "|"))
			continue
		}
		s.change("attribute(&d, %q).Validations.%s = []any{%s}", a.Name, l.field, strings.Join(source, ", "))
	}
	return options
}

// plain is a value of JSON as a tag has it, of which model.Of makes the same again.
func plain(kind string, value json.RawMessage) (string, bool) {
	var v any
	if json.Unmarshal(value, &v) != nil {
		return "", false
	}
	switch v := v.(type) {
	case string:
		return v, kind == "string"
	case float64:
		return number(v), kind == "number"
	case bool:
		return strconv.FormatBool(v), kind == "boolean"
	}
	return "", false
}

func (s *modelStruct) defaults(a *manifest.Attribute) []string {
	if len(a.DefaultsTo) == 0 || bytes.Equal(bytes.TrimSpace(a.DefaultsTo), []byte("null")) {
		return nil
	}
	if text, ok := plain(a.Type, a.DefaultsTo); ok && !strings.Contains(text, ",") {
		return []string{"default=" + text}
	}
	s.change("attribute(&d, %q).Default = %s", a.Name, goValue(a.DefaultsTo))
	return nil
}

// rare are validations that have no option.
func (s *modelStruct) rare(a *manifest.Attribute) {
	v := &a.Validations
	for _, flag := range []struct {
		field string
		on    bool
	}{{"IsBoolean", v.IsBoolean}, {"IsNumber", v.IsNumber}, {"IsString", v.IsString}} {
		if flag.on {
			s.change("attribute(&d, %q).Validations.%s = true", a.Name, flag.field)
		}
	}
	if v.IsInteger && (a.Name == s.Key() || a.AutoIncrement || a.AutoCreatedAt || a.AutoUpdatedAt) { // which model.Of takes for granted
		s.change("attribute(&d, %q).Validations.IsInteger = true", a.Name)
	}
	for _, bound := range [][2]string{{"IsAfter", v.IsAfter}, {"IsBefore", v.IsBefore}} {
		if bound[1] != "" {
			s.needs("time")
			s.change("if attribute(&d, %q).Validations.%s, err = time.Parse(time.RFC3339, %q); err != nil {\nreturn d, err\n}", a.Name, bound[0], bound[1])
		}
	}
}

// regex is the JavaScript expression as one of Go, where that is possible.
func (s *modelStruct) regex(a *manifest.Attribute) []string {
	v := &a.Validations
	if v.Regex == "" || slices.Contains(s.Unported, "regex:"+a.Name) {
		return nil
	}
	re, err := manifest.Pattern(v.Regex, v.RegexFlags)
	if err != nil {
		return nil // Definitions would have failed
	}
	return []string{"regex=" + re.String()}
}

// goValue is a value of JSON as Go source, for an any.
func goValue(value json.RawMessage) string {
	var v any
	if json.Unmarshal(value, &v) != nil || v == nil {
		return "nil"
	}
	text, err := literal(v)
	if err != nil {
		return "nil"
	}
	return text
}
