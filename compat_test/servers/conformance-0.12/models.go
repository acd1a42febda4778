package main

import "github.com/go-sails/sails/sailsio/model"

// times are the attributes that 0.12 adds behind a model's own.
var times = []model.Attribute{
	{Name: "createdAt", Type: model.String, AutoCreatedAt: true},
	{Name: "updatedAt", Type: model.String, AutoUpdatedAt: true},
}

// numbered are the attributes of a model with an automatic id.
func numbered(own ...model.Attribute) []model.Attribute {
	return append(append(own, model.Attribute{Name: "id", Type: model.Number, AutoIncrement: true}), times...)
}

func newSchema() (*model.Schema, error) {
	return model.New(
		model.Definition{Identity: "user", Sparse: true, Attributes: numbered(
			model.Attribute{Name: "name", Type: model.String, Required: true},
			model.Attribute{Name: "email", Type: model.String, Unique: true, Validations: model.Validations{IsEmail: true}},
			model.Attribute{Name: "age", Type: model.Number, Validations: model.Validations{IsInteger: true, Min: new(0.0)}},
			model.Attribute{Name: "active", Type: model.Boolean, Default: true},
			model.Attribute{Name: "pets", Collection: "pet", Via: "owner"},
			model.Attribute{Name: "groups", Collection: "group", Via: "members", Dominant: true},
			model.Attribute{Name: "desk", Model: "desk"},
		)},
		model.Definition{Identity: "pet", Sparse: true, Attributes: numbered(
			model.Attribute{Name: "name", Type: model.String, Required: true},
			model.Attribute{Name: "owner", Model: "user"},
		)},
		model.Definition{Identity: "group", Sparse: true, Attributes: numbered(
			model.Attribute{Name: "title", Type: model.String},
			model.Attribute{Name: "members", Collection: "user", Via: "groups"},
		)},
		model.Definition{Identity: "desk", Sparse: true, Attributes: numbered(
			model.Attribute{Name: "label", Type: model.String},
			model.Attribute{Name: "occupant", Model: "user", Via: "desk"},
		)},
		model.Definition{Identity: "tag", Sparse: true, PrimaryKey: "code", Attributes: append([]model.Attribute{
			{Name: "code", Type: model.String, Required: true},
			{Name: "label", Type: model.String},
		}, times...)},
		model.Definition{Identity: "note", Sparse: true, Attributes: numbered(model.Attribute{Name: "text", Type: model.String})},
		model.Definition{Identity: "sealed", Sparse: true, Attributes: numbered(model.Attribute{Name: "text", Type: model.String})},
	)
}
