package openapi

import (
	"strings"

	"github.com/go-sails/sails/sailsio/model"
)

// components describes the records of every model, and the errors of blueprints.
func (b *builder) components() {
	schemas := map[string]*schema{
		"error": {
			Type: []string{"object"}, Description: "What is wrong with a request.",
			Properties: map[string]*schema{"code": kind("string"), "details": kind("string"), "message": kind("string")},
			Required:   []string{"code", "message"},
		},
	}
	b.doc.Components = components{Schemas: schemas, Responses: map[string]*response{
		"badRequest": {Description: "The request does not fit the model.", Content: jsonContent(ref("error"))},
		"forbidden":  {Description: "A policy refuses the request."},
		"notFound":   {Description: "There is no such record."},
		"closed":     {Description: "Not carried over from the old application yet."},
	}}
	if b.schema == nil {
		return
	}
	for _, m := range b.schema.Models() {
		record := &schema{Type: []string{"object"}, Properties: map[string]*schema{}, Required: []string{m.PrimaryKey.Name}}
		input := &schema{Type: []string{"object"}, Properties: map[string]*schema{}}
		for _, a := range m.Attributes {
			if m.Readable(a.Name) {
				s := b.value(m, a)
				s.Default = nil
				s.ReadOnly = !m.Writable(a.Name)
				record.Properties[a.Name] = s
			}
			if m.Writable(a.Name) {
				input.Properties[a.Name] = b.given(m, a)
				if a.Required {
					input.Required = append(input.Required, a.Name)
				}
			}
		}
		change := &schema{Type: input.Type, Properties: map[string]*schema{}}
		for name, s := range input.Properties {
			kept := *s
			kept.Default = nil // what is not given stays as it is
			change.Properties[name] = &kept
		}
		schemas[m.Identity], schemas[m.Identity+".new"], schemas[m.Identity+".change"] = record, input, change
	}
}

// value is an attribute as records show it: associations may be populated.
func (b *builder) value(m *model.Model, a *model.Attribute) *schema {
	assoc, ok := m.Association(a.Name)
	switch {
	case !ok:
		return plain(a)
	case assoc.Kind == model.ToMany:
		s := array(ref(assoc.Target.Identity))
		s.Description = "Present when populated."
		return s
	}
	return &schema{AnyOf: []*schema{key(assoc.Target), ref(assoc.Target.Identity), kind("null")}}
}

// given is an attribute as create and update take it: keys for associations.
func (b *builder) given(m *model.Model, a *model.Attribute) *schema {
	assoc, ok := m.Association(a.Name)
	switch {
	case !ok:
		return plain(a)
	case assoc.Kind == model.ToMany:
		return array(key(assoc.Target))
	}
	return &schema{AnyOf: []*schema{key(assoc.Target), kind("null")}}
}

// key is the type of a model's primary key.
func key(m *model.Model) *schema { return kind(string(m.PrimaryKey.Type)) }

// plain is an attribute that is no association.
func plain(a *model.Attribute) *schema {
	s := &schema{Default: a.Default}
	v := &a.Validations
	switch a.Type {
	case model.String, model.Boolean:
		s.Type = []string{string(a.Type)}
	case model.Number:
		s.Type = []string{"number"}
		if v.IsInteger || a.AutoIncrement {
			s.Type = []string{"integer"}
		}
		if a.AutoCreatedAt || a.AutoUpdatedAt {
			s.Description = "Milliseconds since the epoch."
		}
	default:
		s.Description = "Any JSON value."
	}
	if a.AllowNull {
		s.Type = append(s.Type, "null")
	}
	if s.Enum = v.IsIn; s.Enum != nil && a.AllowNull {
		s.Enum = append(append([]any{}, v.IsIn...), nil)
	}
	s.Minimum, s.Maximum, s.MinLength, s.MaxLength = v.Min, v.Max, v.MinLength, v.MaxLength
	switch {
	case v.IsEmail:
		s.Format = "email"
	case v.IsURL:
		s.Format = "uri"
	case v.IsUUID:
		s.Format = "uuid"
	case v.IsHexColor:
		s.Pattern = "^#?([0-9a-fA-F]{3}|[0-9a-fA-F]{6})$"
	}
	if v.IsNotEmptyString && s.MinLength == nil {
		s.MinLength = new(1)
	}
	// Only what means the same in JSON Schema, whose expressions are JavaScript's.
	if v.Regex != nil && !strings.ContainsAny(v.Regex.String(), `\(`) {
		s.Pattern = v.Regex.String()
	}
	return s
}
