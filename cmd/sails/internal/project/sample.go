package project

import (
	"slices"
	"strconv"
	"strings"

	"github.com/go-sails/sails/sailsio/blueprint"
	"github.com/go-sails/sails/sailsio/manifest"
	"github.com/go-sails/sails/sailsio/route"
)

// sample is a record that can be made, of a model whose blueprint routes tell
// sockets about it.
type sample struct {
	*modelStruct
	Record string // Go source
}

// sample looks for one; nil when there is none.
func (p *project) sample() *sample {
	bp := &p.Manifest.Blueprints
	if !bp.REST || bp.Prefix != "" || bp.RestPrefix != "" || bp.Pluralize || bp.AutoWatch != nil && !*bp.AutoWatch || len(bp.Unported) > 0 || p.HasBeforeConnect() {
		return nil
	}
	for _, s := range p.Models {
		find := s.Identity + "/find"
		guarded := slices.ContainsFunc(p.Manifest.PoliciesOf(find), func(name string) bool { return name != route.Allow })
		if len(s.Unported) > 0 || guarded || !exposed(bp, s.Identity) || slices.Contains(p.Manifest.Actions, find) {
			continue
		}
		if record, ok := s.record(); ok {
			return &sample{s, record}
		}
	}
	return nil
}

func exposed(bp *manifest.Blueprints, identity string) bool {
	if bp.Expose == nil {
		return true
	}
	e, ok := bp.Expose[identity]
	return ok && (e.REST == nil || *e.REST) && (e.Actions == nil || slices.Contains(e.Actions, blueprint.Find))
}

// record makes up values for what is required.
func (s *modelStruct) record() (string, bool) {
	var b strings.Builder
	b.WriteString("model.Record{")
	for i := range s.Attributes {
		a := &s.Attributes[i]
		if !a.Required {
			continue
		}
		value, ok := made(a)
		if !ok {
			return "", false
		}
		b.WriteString(strconv.Quote(a.Name) + ": " + value + ", ")
	}
	return b.String() + "}", true
}

// made makes up one value.
func made(a *manifest.Attribute) (string, bool) {
	v := &a.Validations
	if v.Regex != "" || v.IsNotIn != nil || v.IsCreditCard || v.IsHexColor || v.IsAfter != "" || v.IsBefore != "" || v.IsUUID || v.IsIP || v.IsURL {
		return "", false
	}
	if len(v.IsIn) > 0 {
		return goValue(v.IsIn[0]), true
	}
	switch a.Type {
	case "string":
		text := "a name"
		if v.IsEmail {
			text = "ann@example.com"
		}
		if v.MinLength != nil && *v.MinLength > len(text) || v.MaxLength != nil && *v.MaxLength < len(text) {
			return "", false
		}
		return strconv.Quote(text), true
	case "number":
		n := 1.0
		if v.Min != nil {
			n = *v.Min
		}
		if v.Max != nil && *v.Max < n || v.IsInteger && n != float64(int64(n)) {
			return "", false
		}
		return number(n), true
	case "boolean":
		return "true", true
	}
	return "", false
}
