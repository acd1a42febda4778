// Package project makes a Go project of a manifest: models as structs, routes as
// tables, and a stub for each action and policy that was JavaScript.
package project

import (
	"bytes"
	"cmp"
	"embed"
	"errors"
	"fmt"
	"go/format"
	"maps"
	"path"
	"slices"
	"strings"
	"text/template"

	"github.com/go-sails/sails/sailsio/manifest"
	"github.com/go-sails/sails/sailsio/manifest/datastore"
	"github.com/go-sails/sails/sailsio/route"
)

// Config says what to make.
type Config struct {
	Manifest *manifest.Manifest
	// Module is the path of the Go module to make.
	Module string
	// Version is the version of the library to require, Replace a folder that it is
	// taken from instead, "" for none.
	Version, Replace string
}

//go:embed templates
var templates embed.FS

// Files returns the files of the project by their path with slashes.
func Files(cfg Config) (map[string][]byte, error) {
	m := *cfg.Manifest
	m.Name = cmp.Or(m.Name, path.Base(cfg.Module))
	m.Session.SecretEnv = cmp.Or(m.Session.SecretEnv, manifest.DefaultSecretEnv)
	m.Session.StoreURLEnv = cmp.Or(m.Session.StoreURLEnv, "REDIS_URL")
	m.Datastore.URLEnv = cmp.Or(m.Datastore.URLEnv, datastore.DefaultURLEnv)
	m.DataEncryptionKeysEnv = cmp.Or(m.DataEncryptionKeysEnv, manifest.DefaultKeysEnv)
	cfg.Manifest = &m
	p := &project{Config: cfg, files: map[string][]byte{}}
	var err error
	if p.set, err = template.New("").Funcs(template.FuncMap{"quote": quote, "literal": literal, "comment": comment, "folder": folder, "join": strings.Join}).ParseFS(templates, "templates/*"); err != nil {
		return nil, err
	}
	if p.Models, err = structs(cfg.Manifest); err != nil {
		return nil, err
	}
	p.collect()
	p.Sample = p.sample()
	return p.files, p.write()
}

// project is what the templates see.
type project struct {
	Config
	set   *template.Template
	files map[string][]byte

	Models   []*modelStruct
	Actions  []stub
	Policies []stub
	Routes   []manifest.Route
	Rules    map[string][]string
	Settings manifest.Manifest // without what has a file of its own
	Sample   *sample           // nil when no record can be made up
}

// stub is a function to be filled in.
type stub struct {
	Name    string // in the manifest
	Func    string // in Go
	File    string // without .go
	Routes  []string
	Was     string // what the old application had in its place, when it had no name
	Address string // of a route without parameters that reaches it, "" for none
}

// collect gives every action and policy a name in Go.
func (p *project) collect() {
	m := p.Manifest
	actions := newNames("actions", "Models", "App", "Upstream", "Table")
	policies := newNames("policies", "Policies", "Upstream", "Registry", "BeforeConnect")
	index := map[string]int{} // of Actions, by identity
	add := func(id, was string) int {
		if i, ok := index[id]; ok {
			return i
		}
		index[id] = len(p.Actions)
		p.Actions = append(p.Actions, stub{Name: id, Func: actions.exported(id), File: actions.file(id), Was: was})
		return index[id]
	}
	for _, name := range slices.Sorted(slices.Values(m.Actions)) {
		if id := route.Identity(name); id != grantCSRF {
			add(id, "")
		}
	}
	for _, r := range m.Routes {
		switch id := route.Identity(r.Action); {
		case r.Redirect != "":
		case id == "":
			r.Action = identity(r.Address)
			r.Was = cmp.Or(r.Was, "a function")
			i := add(r.Action, r.Was)
			p.Actions[i].Routes = append(p.Actions[i].Routes, r.Address)
		case id == grantCSRF || m.HasBlueprintAction(id) && !slices.Contains(m.Actions, r.Action):
		default:
			i := add(id, "")
			p.Actions[i].Routes = append(p.Actions[i].Routes, r.Address)
		}
		r.Was = ""
		p.Routes = append(p.Routes, r)
		p.policies(policies, r.Policies)
	}
	for _, target := range slices.Sorted(maps.Keys(m.Policies)) {
		p.policies(policies, m.Policies[target])
	}
	p.Rules = m.Policies
	p.guarded()
	p.Settings = *m
	p.Settings.Models, p.Settings.Routes, p.Settings.Actions, p.Settings.Policies = nil, nil, nil, nil
	p.Settings.Report, p.Settings.ExportedFrom = nil, nil
}

const grantCSRF = "security/grant-csrf-token"

// policies adds a stub for each name that is new.
func (p *project) policies(n *names, list []string) {
	for _, name := range list {
		key := strings.ToLower(name)
		known := slices.ContainsFunc(p.Policies, func(s stub) bool { return strings.ToLower(s.Name) == key })
		if !known && key != route.Allow && key != route.Deny {
			p.Policies = append(p.Policies, stub{Name: name, Func: n.exported(name), File: n.file(name)})
		}
	}
}

// guarded looks for a route to each stub that the made test can ask for.
func (p *project) guarded() {
	for i := range p.Actions {
		a := &p.Actions[i]
		for _, r := range p.Routes {
			address, ok := plainAddress(r.Address)
			free := len(r.Policies) == 0 && !slices.ContainsFunc(p.Manifest.PoliciesOf(a.Name), func(name string) bool { return name != route.Allow })
			if ok && free && a.Address == "" && route.Identity(r.Action) == a.Name && p.reached(r, address) {
				a.Address = address
			}
		}
	}
}

// reached reports whether a plain request to a route gets to it: no other one has the
// same path, and no token is asked for.
func (p *project) reached(r manifest.Route, address string) bool {
	method, path, _ := strings.Cut(address, " ")
	if p.Manifest.CSRF && method != "GET" {
		return false
	}
	return !slices.ContainsFunc(p.Routes, func(other manifest.Route) bool {
		_, theirs, ok := strings.Cut(other.Address, " ")
		if !ok {
			theirs = other.Address
		}
		return other.Address != r.Address && strings.EqualFold(theirs, path)
	})
}

// plainAddress is "GET /about" for an address that a request can be made of.
func plainAddress(address string) (string, bool) {
	method, path, ok := strings.Cut(address, " ")
	if !ok {
		method, path = "GET", address
	}
	method = strings.ToUpper(method)
	if method == "ALL" {
		method = "GET"
	}
	if !strings.HasPrefix(path, "/") || strings.ContainsAny(path, ":*?%\"\\") || !slices.Contains([]string{"GET", "POST", "PUT", "PATCH", "DELETE"}, method) {
		return "", false
	}
	return method + " " + path, true
}

// identity makes the name of an action from the address of a route without one.
func identity(address string) string {
	words := strings.FieldsFunc(strings.ToLower(address), func(r rune) bool { return !isWord(r) })
	return cmp.Or("routes/"+strings.Join(words, "-"), "routes/root")
}

// write executes the templates.
func (p *project) write() error {
	single := map[string]string{
		"go.mod": "go.mod.tmpl", "README.md": "README.md.tmpl", ".gitignore": "gitignore.tmpl", "main.go": "main.go.tmpl",
		"server/server.go": "server.go.tmpl", "server/server_test.go": "server_test.go.tmpl",
		"config/settings.go": "settings.go.tmpl", "config/routes.go": "routes.go.tmpl", "config/policies.go": "rules.go.tmpl",
		"models/models.go": "models.go.tmpl", "actions/actions.go": "actions.go.tmpl", "policies/policies.go": "policies.go.tmpl",
	}
	var mistakes []error
	for _, name := range slices.Sorted(maps.Keys(single)) {
		mistakes = append(mistakes, p.file(name, single[name], p))
	}
	for _, m := range p.Models {
		mistakes = append(mistakes, p.file("models/"+m.File+".go", "model.go.tmpl", m))
	}
	for _, a := range p.Actions {
		mistakes = append(mistakes, p.file("actions/"+a.File+".go", "action.go.tmpl", a))
	}
	for _, a := range p.Policies {
		mistakes = append(mistakes, p.file("policies/"+a.File+".go", "policy.go.tmpl", a))
	}
	return errors.Join(mistakes...)
}

func (p *project) file(name, from string, data any) error {
	var b bytes.Buffer
	if err := p.set.ExecuteTemplate(&b, from, data); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	text := b.Bytes()
	if strings.HasSuffix(name, ".go") {
		formatted, err := format.Source(text)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		text = formatted
	}
	if p.files[name] != nil {
		return fmt.Errorf("%s would be there twice", name)
	}
	p.files[name] = text
	return nil
}

// HasPolicy reports whether there is any stub of a policy, for the templates.
func (p *project) HasPolicy() bool { return len(p.Policies) > 0 }

// HasBeforeConnect reports whether JavaScript decided who may connect.
func (p *project) HasBeforeConnect() bool {
	return slices.Contains(p.Manifest.Sockets.Unported, "beforeConnect")
}

// Redis reports whether sessions are kept in Redis.
func (p *project) Redis() bool { return p.Manifest.Session.Store == "redis" }

// Completes reports whether a model is completed with more than tags.
func (p *project) Completes() bool {
	return slices.ContainsFunc(p.Models, func(s *modelStruct) bool {
		return slices.ContainsFunc(s.Changes, func(line string) bool { return strings.Contains(line, "attribute(&d") })
	})
}

// Refers reports whether a model has a to-one association.
func (p *project) Refers() bool {
	return slices.ContainsFunc(p.Models, func(s *modelStruct) bool {
		return slices.ContainsFunc(s.Attributes, func(a manifest.Attribute) bool { return a.Model != "" })
	})
}

// Gaps are the entries of the report, as one line each.
func (p *project) Gaps() []string {
	var list []string
	for _, n := range p.Manifest.Report {
		line := n.Where + ": " + n.What
		if n.Do != "" {
			line += "; " + n.Do
		}
		list = append(list, comment(line))
	}
	return list
}
