// Package modeltest has a set of models for tests: those of the conformance
// application, which between them use every kind of attribute, validation and
// association, plus some for what it leaves out.
package modeltest

import (
	"context"
	"errors"
	"math"
	"regexp"
	"strings"

	"github.com/go-sails/sails/sailsio/model"
)

// ErrRefused is what the callback of widget returns for str "explode".
var ErrRefused = errors.New("beforeCreate refused")

var notSlug = regexp.MustCompile(`[^a-z0-9]+`)

// App returns the models of the conformance application: user, pet, vet, tag,
// room, message and widget.
func App() []model.Definition {
	return []model.Definition{
		{Identity: "user", Attributes: model.WithDefaults(
			model.Attribute{Name: "name", Type: model.String, Required: true},
			model.Attribute{Name: "email", Type: model.String, Required: true, Unique: true, Validations: model.Validations{IsEmail: true}},
			model.Attribute{Name: "role", Type: model.String, Default: "guest", Validations: model.Validations{IsIn: []any{"guest", "member", "admin"}}},
			model.Attribute{Name: "age", Type: model.Number, AllowNull: true, Validations: model.Validations{IsInteger: true, Min: new(0.0), Max: new(150.0)}},
			model.Attribute{Name: "nickname", Type: model.String, Validations: model.Validations{MaxLength: new(12)}},
			model.Attribute{Name: "active", Type: model.Boolean, Default: true},
			model.Attribute{Name: "profile", Type: model.JSON},
			model.Attribute{Name: "manager", Model: "user"},
			model.Attribute{Name: "reports", Collection: "user", Via: "manager"},
			model.Attribute{Name: "pets", Collection: "pet", Via: "owner"},
			model.Attribute{Name: "bookmarks", Collection: "tag"},
			model.Attribute{Name: "messages", Collection: "message", Via: "author"},
		)},
		{Identity: "pet", Attributes: model.WithDefaults(
			model.Attribute{Name: "name", Type: model.String, Required: true},
			model.Attribute{Name: "species", Type: model.String, Default: "cat"},
			model.Attribute{Name: "weight", Type: model.Number},
			model.Attribute{Name: "owner", Model: "user"},
			model.Attribute{Name: "vet", Model: "vet"},
			model.Attribute{Name: "tags", Collection: "tag", Via: "pets"},
		)},
		{Identity: "vet", Attributes: model.WithDefaults(
			model.Attribute{Name: "name", Type: model.String, Required: true},
		)},
		{Identity: "tag", Attributes: model.WithDefaults(
			model.Attribute{Name: "label", Type: model.String, Required: true, Unique: true},
			model.Attribute{Name: "pets", Collection: "pet", Via: "tags"},
		)},
		{Identity: "room", PrimaryKey: "code", Attributes: []model.Attribute{
			{Name: "createdAt", Type: model.Number, AutoCreatedAt: true},
			{Name: "updatedAt", Type: model.Number, AutoUpdatedAt: true},
			{Name: "code", Type: model.String, Required: true, Validations: model.Validations{Regex: regexp.MustCompile(`^[a-z0-9-]+$`)}},
			{Name: "title", Type: model.String},
			{Name: "topics", Type: model.JSON},
			{Name: "messages", Collection: "message", Via: "room"},
		}},
		{Identity: "message", Attributes: model.WithDefaults(
			model.Attribute{Name: "text", Type: model.String, Required: true, Validations: model.Validations{MaxLength: new(200)}},
			model.Attribute{Name: "room", Model: "room"},
			model.Attribute{Name: "author", Model: "user"},
		)},
		widget(),
	}
}

func widget() model.Definition {
	return model.Definition{
		Identity: "widget",
		Attributes: model.WithDefaults(
			model.Attribute{Name: "str", Type: model.String},
			model.Attribute{Name: "nullable", Type: model.String, AllowNull: true},
			model.Attribute{Name: "num", Type: model.Number, Column: "c_num"},
			model.Attribute{Name: "flag", Type: model.Boolean},
			model.Attribute{Name: "doc", Type: model.JSON},
			model.Attribute{Name: "any", Type: model.Ref},
			model.Attribute{Name: "link", Type: model.String, Validations: model.Validations{IsURL: true}},
			model.Attribute{Name: "uuid", Type: model.String, Validations: model.Validations{IsUUID: true}},
			model.Attribute{Name: "addr", Type: model.String, Validations: model.Validations{IsIP: true}},
			model.Attribute{Name: "color", Type: model.String, Validations: model.Validations{IsHexColor: true}},
			model.Attribute{Name: "code", Type: model.String, Validations: model.Validations{Regex: regexp.MustCompile(`^[A-Z]{3}$`)}},
			model.Attribute{Name: "short", Type: model.String, Validations: model.Validations{MinLength: new(2), MaxLength: new(5)}},
			model.Attribute{Name: "ranged", Type: model.Number, Validations: model.Validations{Min: new(1.0), Max: new(10.0)}},
			model.Attribute{Name: "whole", Type: model.Number, Validations: model.Validations{IsInteger: true}},
			model.Attribute{Name: "notBad", Type: model.String, Validations: model.Validations{IsNotIn: []any{"bad", "worse"}}},
			model.Attribute{Name: "filled", Type: model.String, Validations: model.Validations{IsNotEmptyString: true}},
			model.Attribute{Name: "even", Type: model.Number, Validations: model.Validations{Custom: even}},
			model.Attribute{Name: "secret", Type: model.String},
			model.Attribute{Name: "slug", Type: model.String},
		),
		ToJSON: func(r model.Record) model.Record {
			delete(r, "secret")
			return r
		},
		Lifecycle: model.Lifecycle{BeforeCreate: func(_ context.Context, values model.Record) error {
			str, _ := values["str"].(string)
			if str == "explode" {
				return ErrRefused
			}
			values["slug"] = notSlug.ReplaceAllString(strings.ToLower(str), "-")
			return nil
		}},
	}
}

// even is a custom validation; the empty message stands for the default one.
func even(value any) error {
	if f, ok := value.(float64); !ok || math.Mod(f, 2) != 0 {
		return errors.New("")
	}
	return nil
}

// Extra returns models for what App leaves out: a one-to-one pair (person and
// passport), a many-to-many association through a model (student, course,
// enrolment), a many-to-many association of a model with itself (friend), and
// protected attributes and allow-lists (account).
func Extra() []model.Definition {
	return []model.Definition{
		{Identity: "person", Attributes: model.WithDefaults(
			model.Attribute{Name: "name", Type: model.String},
			model.Attribute{Name: "passport", Model: "passport", Unique: true},
		)},
		{Identity: "passport", Attributes: model.WithDefaults(
			model.Attribute{Name: "number", Type: model.String},
			model.Attribute{Name: "holder", Model: "person", Via: "passport"},
		)},
		{Identity: "student", PrimaryKey: "ref", Attributes: []model.Attribute{
			{Name: "ref", Type: model.String, Required: true},
			{Name: "courses", Collection: "course", Via: "student", Through: "enrolment"},
		}},
		{Identity: "course", Attributes: model.WithDefaults(
			model.Attribute{Name: "title", Type: model.String},
			model.Attribute{Name: "students", Collection: "student", Via: "course", Through: "enrolment"},
		)},
		{Identity: "enrolment", Attributes: []model.Attribute{
			{Name: "id", Type: model.Number, AutoIncrement: true},
			{Name: "student", Model: "student", Column: "student_ref"},
			{Name: "course", Model: "course", Column: "course_id"},
			{Name: "grade", Type: model.Number, AllowNull: true},
		}},
		{Identity: "friend", Attributes: model.WithDefaults(
			model.Attribute{Name: "name", Type: model.String},
			model.Attribute{Name: "likes", Collection: "friend", Via: "likedBy"},
			model.Attribute{Name: "likedBy", Collection: "friend", Via: "likes"},
		)},
		{Identity: "account", Table: "accounts", Writable: []string{"login", "joined"}, Attributes: model.WithDefaults(
			model.Attribute{Name: "login", Type: model.String, Required: true},
			model.Attribute{Name: "password", Type: model.String, Protected: true, Default: "hash"},
			model.Attribute{Name: "admin", Type: model.Boolean},
			model.Attribute{Name: "joined", Type: model.String},
		)},
	}
}

// Schema returns the schema of App and Extra together.
func Schema() *model.Schema {
	s, err := model.New(append(App(), Extra()...)...)
	if err != nil {
		panic("modeltest: " + err.Error())
	}
	return s
}
