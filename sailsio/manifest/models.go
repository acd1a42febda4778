package manifest

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/go-sails/sails/sailsio/blueprint"
	"github.com/go-sails/sails/sailsio/model"
)

// Definitions returns the models as package model takes them, in order. The error
// joins one error for each mistake.
func (m *Manifest) Definitions() ([]model.Definition, error) {
	var list []model.Definition
	var mistakes []error
	for i := range m.Models {
		d, err := m.Models[i].definition()
		d.Sparse = m.Sails012 != nil
		if err != nil {
			mistakes = append(mistakes, err)
		}
		list = append(list, d)
	}
	return list, errors.Join(mistakes...)
}

func (md *Model) definition() (model.Definition, error) {
	d := model.Definition{
		Identity: md.Identity, Table: md.TableName, PrimaryKey: md.PrimaryKey, CascadeOnDestroy: md.CascadeOnDestroy,
	}
	var mistakes []error
	fail := func(attribute, format string, args ...any) {
		mistakes = append(mistakes, fmt.Errorf("manifest: %s.%s: "+format, append([]any{md.Identity, attribute}, args...)...))
	}
	for i := range md.Attributes {
		a := &md.Attributes[i]
		out := model.Attribute{
			Name: a.Name, Type: model.Type(a.Type), Model: a.Model, Collection: a.Collection, Via: a.Via, Through: a.Through, Dominant: a.Dominant,
			Column: a.ColumnName, Required: a.Required, AllowNull: a.AllowNull, AutoCreatedAt: a.AutoCreatedAt,
			AutoUpdatedAt: a.AutoUpdatedAt, AutoIncrement: a.AutoIncrement, Unique: a.Unique, Encrypt: a.Encrypt,
			Protected: md.hides(a.Name),
		}
		if len(a.DefaultsTo) > 0 {
			if err := json.Unmarshal(a.DefaultsTo, &out.Default); err != nil {
				fail(a.Name, "defaultsTo: %w", err)
			}
		}
		var err error
		if out.Validations, err = a.Validations.rules(slices.Contains(md.Unported, "regex:"+a.Name)); err != nil {
			fail(a.Name, "%w", err)
		}
		d.Attributes = append(d.Attributes, out)
	}
	for _, name := range slices.Concat(md.Hidden, md.ReadOnly) {
		if md.attribute(name) == nil {
			fail(name, "there is no such attribute; hidden and readOnly name attributes")
		}
	}
	if len(md.ReadOnly) > 0 {
		d.Writable = []string{}
		for i := range md.Attributes {
			if name := md.Attributes[i].Name; !slices.Contains(md.ReadOnly, name) {
				d.Writable = append(d.Writable, name)
			}
		}
	}
	for _, entry := range md.Unported {
		if closes(entry) == nil {
			mistakes = append(mistakes, fmt.Errorf("manifest: %s: unported: unknown entry %q", md.Identity, entry))
		}
	}
	return d, errors.Join(mistakes...)
}

// hides reports whether clients must not see an attribute, populated in the records
// of another model included. A serialiser that is missing may have hidden anything
// but the key, and what was encrypted is not for anyone.
func (md *Model) hides(attribute string) bool {
	return slices.Contains(md.Hidden, attribute) || slices.Contains(md.Unported, "encrypt:"+attribute) ||
		slices.Contains(md.Unported, "customToJSON") && attribute != cmp.Or(md.PrimaryKey, "id")
}

// withhold marks what clients must not see of a model written in Go, as hides does
// for one of the manifest.
func withhold(d model.Definition, unported []string) (model.Definition, error) {
	d.Attributes = slices.Clone(d.Attributes)
	for _, entry := range unported {
		if closes(entry) == nil {
			return d, fmt.Errorf("manifest: %s: Options.Unported: unknown entry %q", d.Identity, entry)
		}
		for i := range d.Attributes {
			a := &d.Attributes[i]
			if entry == "customToJSON" && a.Name != cmp.Or(d.PrimaryKey, "id") || entry == "encrypt:"+a.Name {
				a.Protected = true
			}
		}
	}
	return d, nil
}

func (md *Model) attribute(name string) *Attribute {
	for i := range md.Attributes {
		if md.Attributes[i].Name == name {
			return &md.Attributes[i]
		}
	}
	return nil
}

// rules turns validations into those of package model. An expression that is known
// to have no counterpart is left out; the model's Unported says so.
func (v *Validations) rules(unportedRegex bool) (model.Validations, error) {
	out := model.Validations{
		IsBoolean: v.IsBoolean, IsNumber: v.IsNumber, IsString: v.IsString, IsInteger: v.IsInteger,
		IsNotEmptyString: v.IsNotEmptyString, IsCreditCard: v.IsCreditCard, IsEmail: v.IsEmail, IsHexColor: v.IsHexColor,
		IsIP: v.IsIP, IsURL: v.IsURL, IsUUID: v.IsUUID, Min: v.Min, Max: v.Max, MinLength: v.MinLength, MaxLength: v.MaxLength,
	}
	var mistakes []error
	var err error
	if out.IsIn, err = values(v.IsIn); err != nil {
		mistakes = append(mistakes, fmt.Errorf("isIn: %w", err))
	}
	if out.IsNotIn, err = values(v.IsNotIn); err != nil {
		mistakes = append(mistakes, fmt.Errorf("isNotIn: %w", err))
	}
	for _, bound := range []struct {
		name, text string
		to         *time.Time
	}{{"isAfter", v.IsAfter, &out.IsAfter}, {"isBefore", v.IsBefore, &out.IsBefore}} {
		if bound.text == "" {
			continue
		}
		if *bound.to, err = time.Parse(time.RFC3339, bound.text); err != nil {
			mistakes = append(mistakes, fmt.Errorf("%s: %w", bound.name, err))
		}
	}
	if v.Regex != "" && !unportedRegex {
		if out.Regex, err = Pattern(v.Regex, v.RegexFlags); err != nil {
			mistakes = append(mistakes, err)
		}
	}
	return out, errors.Join(mistakes...)
}

func values(list []json.RawMessage) ([]any, error) {
	if list == nil {
		return nil, nil
	}
	out := make([]any, len(list))
	for i, text := range list {
		if err := json.Unmarshal(text, &out[i]); err != nil {
			return nil, err
		}
	}
	return out, nil
}

var (
	everyAction = []blueprint.Action{
		blueprint.Find, blueprint.FindOne, blueprint.Create, blueprint.Update, blueprint.Destroy,
		blueprint.Populate, blueprint.Add, blueprint.Remove, blueprint.Replace,
	}
	writing = []blueprint.Action{blueprint.Create, blueprint.Update}
)

// closes returns the blueprint actions that an entry of Model.Unported closes; nil
// for an entry that is none.
func closes(entry string) []blueprint.Action {
	switch kind, attribute, _ := strings.Cut(entry, ":"); {
	case entry == "customToJSON":
		return everyAction
	case (kind == "custom" || kind == "regex" || kind == "encrypt") && attribute != "":
		return writing
	}
	switch entry {
	case "beforeCreate", "afterCreate":
		return []blueprint.Action{blueprint.Create}
	case "beforeUpdate", "afterUpdate":
		return []blueprint.Action{blueprint.Update}
	case "beforeDestroy", "afterDestroy":
		return []blueprint.Action{blueprint.Destroy}
	}
	return nil
}
