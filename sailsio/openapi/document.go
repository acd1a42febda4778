// Package openapi describes an application as an OpenAPI 3.1 document: the blueprint
// routes of its models with the shape of their records, and its own routes with what
// their addresses say.
//
// The same routes answer virtual requests, so the document is that of the sockets
// too.
package openapi

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/go-sails/sails/sailsio/model"
)

// Version is the version of the specification that documents follow.
const Version = "3.1.0"

// Config says what to describe.
type Config struct {
	// Title and APIVersion are those of the application; neither may be empty.
	Title, APIVersion string
	// ServerURL is where it is, like "https://example.com"; empty says nothing.
	ServerURL string
	// Schema are the models. Nil for none.
	Schema *model.Schema
	// Routes are described in order; of two that have the same method and path the
	// first one counts, as when requests are answered.
	Routes []Route
}

// Route is one route.
type Route struct {
	// Address is "GET /user/:id", as package route takes it. Those with a wildcard or
	// a regular expression cannot be described and are listed under the extension
	// x-sails-undescribed.
	Address string
	// Action is its identity. Blueprint says that it is a blueprint action of a model
	// of the schema: "user/find".
	Action    string
	Blueprint bool
	// Redirect is where clients are sent.
	Redirect string
	// Closed routes answer 501. Guarded ones may answer 403.
	Closed, Guarded bool
}

// New makes the document, as indented JSON. The result is the same for the same
// Config.
func New(cfg Config) ([]byte, error) {
	if cfg.Title == "" || cfg.APIVersion == "" {
		return nil, errors.New("openapi: Config needs Title and APIVersion")
	}
	b := &builder{
		schema: cfg.Schema, shapes: map[string]string{}, ids: map[string]bool{},
		doc: document{
			OpenAPI: Version,
			Info:    info{Title: cfg.Title, Version: cfg.APIVersion},
			Paths:   map[string]map[string]*operation{},
		},
	}
	if cfg.ServerURL != "" {
		b.doc.Servers = []server{{cfg.ServerURL}}
	}
	b.components()
	for _, r := range cfg.Routes {
		if err := b.route(r); err != nil {
			return nil, err
		}
	}
	text, err := json.MarshalIndent(b.doc, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("openapi: %w", err)
	}
	return text, nil
}

type document struct {
	OpenAPI     string                           `json:"openapi"`
	Info        info                             `json:"info"`
	Servers     []server                         `json:"servers,omitempty"`
	Tags        []tag                            `json:"tags,omitempty"`
	Paths       map[string]map[string]*operation `json:"paths"`
	Components  components                       `json:"components"`
	Undescribed []string                         `json:"x-sails-undescribed,omitempty"`
}

type info struct {
	Title   string `json:"title"`
	Version string `json:"version"`
}

type server struct {
	URL string `json:"url"`
}

type tag struct {
	Name string `json:"name"`
}

type components struct {
	Schemas   map[string]*schema   `json:"schemas"`
	Responses map[string]*response `json:"responses"`
}

type operation struct {
	OperationID string               `json:"operationId"`
	Summary     string               `json:"summary"`
	Tags        []string             `json:"tags,omitempty"`
	Parameters  []parameter          `json:"parameters,omitempty"`
	RequestBody *body                `json:"requestBody,omitempty"`
	Responses   map[string]*response `json:"responses"`
}

type parameter struct {
	Name        string  `json:"name"`
	In          string  `json:"in"`
	Required    bool    `json:"required,omitempty"`
	Description string  `json:"description,omitempty"`
	Schema      *schema `json:"schema"`
}

type body struct {
	Required bool             `json:"required,omitempty"`
	Content  map[string]media `json:"content"`
}

type media struct {
	Schema *schema `json:"schema"`
}

type response struct {
	Ref         string            `json:"$ref,omitempty"`
	Description string            `json:"description,omitempty"`
	Headers     map[string]header `json:"headers,omitempty"`
	Content     map[string]media  `json:"content,omitempty"`
}

type header struct {
	Schema *schema `json:"schema"`
}

// schema is as much of JSON Schema as models need.
type schema struct {
	Ref         string             `json:"$ref,omitempty"`
	Type        []string           `json:"type,omitempty"`
	Description string             `json:"description,omitempty"`
	Format      string             `json:"format,omitempty"`
	Pattern     string             `json:"pattern,omitempty"`
	Enum        []any              `json:"enum,omitempty"`
	Default     any                `json:"default,omitempty"`
	Minimum     *float64           `json:"minimum,omitempty"`
	Maximum     *float64           `json:"maximum,omitempty"`
	MinLength   *int               `json:"minLength,omitempty"`
	MaxLength   *int               `json:"maxLength,omitempty"`
	ReadOnly    bool               `json:"readOnly,omitempty"`
	Items       *schema            `json:"items,omitempty"`
	Properties  map[string]*schema `json:"properties,omitempty"`
	Required    []string           `json:"required,omitempty"`
	AnyOf       []*schema          `json:"anyOf,omitempty"`
}

func ref(name string) *schema { return &schema{Ref: "#/components/schemas/" + name} }

func kind(types ...string) *schema { return &schema{Type: types} }

func array(of *schema) *schema { return &schema{Type: []string{"array"}, Items: of} }

func jsonContent(s *schema) map[string]media { return map[string]media{"application/json": {s}} }

// methods are those an address without a verb answers (VR-9).
var methods = []string{"get", "post", "put", "patch", "delete"}

// split reads an address. ok is false for what OpenAPI has no words for.
func split(address string) (verbs []string, path string, ok bool) {
	verb, rest, found := strings.Cut(strings.TrimSpace(address), " ")
	verbs = methods
	switch lower := strings.ToLower(verb); lower {
	case "get", "post", "put", "patch", "delete", "head", "options", "trace":
		verbs = []string{lower}
	case "all":
	default:
		rest, found = address, true
	}
	path = strings.TrimSpace(rest)
	return verbs, path, found && strings.HasPrefix(path, "/") && !strings.ContainsAny(path, "*(){}")
}
