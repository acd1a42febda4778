package openapi

import (
	"fmt"
	"slices"
	"strings"

	"github.com/go-sails/sails/sailsio/model"
)

type builder struct {
	doc    document
	schema *model.Schema
	shapes map[string]string // paths with their parameters left out, to the path as it is named
	ids    map[string]bool   // operation ids in use
}

func (b *builder) route(r Route) error {
	verbs, path, ok := split(r.Address)
	if !ok {
		b.doc.Undescribed = append(b.doc.Undescribed, r.Address)
		return nil
	}
	if whole, optional := strings.CutSuffix(path, "?"); optional {
		// An optional parameter is two paths.
		parent, _, _ := cutLast(whole)
		if err := b.path(r, verbs, whole); err != nil {
			return err
		}
		return b.path(r, verbs, parent)
	}
	return b.path(r, verbs, path)
}

func cutLast(path string) (parent, last string, found bool) {
	slash := strings.LastIndexByte(path, '/')
	return path[:max(slash, 0)], path[slash+1:], slash >= 0
}

// path describes the operations of one path.
func (b *builder) path(r Route, verbs []string, path string) error {
	var names []string
	segments := strings.Split(strings.TrimSuffix(path, "/"), "/")
	for i, segment := range segments {
		if name, is := strings.CutPrefix(segment, ":"); is {
			if name == "" || strings.ContainsAny(name, ":?") || slices.Contains(names, name) {
				b.doc.Undescribed = append(b.doc.Undescribed, r.Address)
				return nil
			}
			names = append(names, name)
			segments[i] = "{" + name + "}"
		}
	}
	template := strings.Join(segments, "/")
	if template == "" {
		template = "/"
	}
	// Two paths that differ in the names of parameters only are one to OpenAPI.
	shape := template
	for _, name := range names {
		shape = strings.Replace(shape, "{"+name+"}", "{}", 1)
	}
	if known, ok := b.shapes[shape]; ok {
		template = known
	}
	b.shapes[shape] = template
	item := b.doc.Paths[template]
	if item == nil {
		item = map[string]*operation{}
		b.doc.Paths[template] = item
	}
	for _, verb := range verbs {
		if item[verb] != nil {
			continue // an earlier route answers
		}
		op, err := b.operation(r, verb, template)
		if err != nil {
			return err
		}
		item[verb] = op
	}
	return nil
}

// operation describes one method of one path.
func (b *builder) operation(r Route, verb, template string) (*operation, error) {
	op := &operation{OperationID: b.id(r, verb), Responses: map[string]*response{}}
	for _, segment := range strings.Split(template, "/") {
		if name, is := strings.CutPrefix(segment, "{"); is {
			op.Parameters = append(op.Parameters, parameter{Name: strings.TrimSuffix(name, "}"), In: "path", Required: true, Schema: kind("string")})
		}
	}
	if r.Guarded {
		op.Responses["403"] = &response{Ref: "#/components/responses/forbidden"}
	}
	switch {
	case r.Closed:
		op.Summary = "Not carried over yet: " + name(r)
		op.Responses["501"] = &response{Ref: "#/components/responses/closed"}
	case r.Redirect != "":
		op.Summary = "Redirects to " + r.Redirect
		op.Responses["302"] = &response{Description: "The address to go to.", Headers: map[string]header{"Location": {kind("string")}}}
	case r.Blueprint:
		return op, b.blueprint(op, r, verb, template)
	default:
		op.Summary = "Runs " + name(r)
		op.Responses["default"] = &response{Description: "Whatever the action answers."}
	}
	b.tag(op, r)
	return op, nil
}

func name(r Route) string {
	if r.Action != "" {
		return r.Action
	}
	return r.Address
}

// tag groups operations by the first part of the action's identity.
func (b *builder) tag(op *operation, r Route) {
	group, _, found := strings.Cut(r.Action, "/")
	if !found {
		return
	}
	op.Tags = []string{group}
	if !slices.Contains(b.doc.Tags, tag{group}) {
		b.doc.Tags = append(b.doc.Tags, tag{group})
	}
}

// id makes an operation id that nobody has yet.
func (b *builder) id(r Route, verb string) string {
	base := strings.Map(func(c rune) rune {
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' {
			return c
		}
		return '_'
	}, name(r))
	id := base
	if b.ids[id] {
		id = base + "_" + verb
	}
	for n := 2; b.ids[id]; n++ {
		id = fmt.Sprintf("%s_%s_%d", base, verb, n)
	}
	b.ids[id] = true
	return id
}

// blueprint describes an action of a model.
func (b *builder) blueprint(op *operation, r Route, verb, template string) error {
	b.tag(op, r)
	identity, action, _ := strings.Cut(r.Action, "/")
	if b.schema == nil {
		return fmt.Errorf("openapi: %s: there is no schema", r.Address)
	}
	m, ok := b.schema.Model(identity)
	if !ok {
		return fmt.Errorf("openapi: %s: there is no model %q", r.Address, identity)
	}
	answer := ref(identity)
	query := func(names ...string) {
		for _, name := range names {
			op.Parameters = append(op.Parameters, queries[name])
		}
	}
	// Shortcuts take in the query what REST routes take in the body.
	takes := func(s *schema, required bool) {
		if verb != "get" {
			op.RequestBody = &body{Required: required, Content: jsonContent(s)}
		}
	}
	switch action {
	case "find":
		op.Summary, answer = "Finds records of "+identity, array(ref(identity))
		query("where", "limit", "skip", "sort", "select", "omit", "populate")
	case "findone":
		op.Summary = "Finds one record of " + identity
		query("select", "omit", "populate")
	case "create":
		op.Summary = "Creates a record of " + identity
		takes(ref(identity+".new"), true)
	case "update":
		op.Summary = "Changes a record of " + identity
		takes(ref(identity+".change"), true)
	case "destroy":
		op.Summary = "Deletes a record of " + identity
		if len(op.Parameters) == 0 {
			op.Parameters = append(op.Parameters, parameter{Name: "id", In: "query", Required: true, Schema: kind("string")})
		}
	case "populate", "add", "remove", "replace":
		assoc := association(m, template)
		if assoc == nil {
			return fmt.Errorf("openapi: %s: no association of %q in the path", r.Address, identity)
		}
		op.Summary = map[string]string{
			"populate": "Finds the " + assoc.Alias + " of a record of " + identity,
			"add":      "Adds to the " + assoc.Alias + " of a record of " + identity,
			"remove":   "Takes away from the " + assoc.Alias + " of a record of " + identity,
			"replace":  "Replaces the " + assoc.Alias + " of a record of " + identity,
		}[action]
		switch {
		case action == "populate" && assoc.Kind == model.ToMany:
			answer = array(ref(assoc.Target.Identity))
			query("where", "limit", "skip", "sort", "select", "omit")
		case action == "populate":
			answer = ref(assoc.Target.Identity)
		case action == "replace":
			takes(array(key(assoc.Target)), true)
		}
	default:
		return fmt.Errorf("openapi: %s: %q is no blueprint action", r.Address, action)
	}
	op.Responses["200"] = &response{Description: "It is done.", Content: jsonContent(answer)} // BP-10
	op.Responses["400"] = &response{Ref: "#/components/responses/badRequest"}
	if action != "find" && action != "create" {
		op.Responses["404"] = &response{Ref: "#/components/responses/notFound"}
	}
	return nil
}

// association finds the one a path names behind the parent's key.
func association(m *model.Model, template string) *model.Association {
	segments := strings.Split(template, "/")
	for i := 1; i < len(segments); i++ {
		if strings.HasPrefix(segments[i-1], "{") {
			if assoc, ok := m.Association(segments[i]); ok {
				return assoc
			}
		}
	}
	return nil
}

// queries are the parameters of finding (7.3).
var queries = map[string]parameter{
	"where":    {Name: "where", In: "query", Description: "Criteria as JSON.", Schema: kind("string")},
	"limit":    {Name: "limit", In: "query", Description: "At most so many records; 30 unless given.", Schema: &schema{Type: []string{"integer"}, Minimum: new(0.0)}},
	"skip":     {Name: "skip", In: "query", Description: "So many records are left out first.", Schema: &schema{Type: []string{"integer"}, Minimum: new(0.0)}},
	"sort":     {Name: "sort", In: "query", Description: "An attribute, perhaps followed by DESC.", Schema: kind("string")},
	"select":   {Name: "select", In: "query", Description: "Attributes to answer, separated by commas.", Schema: kind("string")},
	"omit":     {Name: "omit", In: "query", Description: "Attributes to leave out, separated by commas.", Schema: kind("string")},
	"populate": {Name: "populate", In: "query", Description: "Associations to populate, separated by commas; false for none.", Schema: kind("string")},
}
