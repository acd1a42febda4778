// Package model declares the models of a Sails application: attributes, types,
// validations, associations and the language of criteria. It knows no database
// and no socket; package sqlstore keeps its records, package blueprint serves
// them, and resourceful pubsub reads the associations to tell both sides of a
// change.
//
// A Schema is a checked, immutable set of models:
//
//	schema, err := model.New(
//		model.Definition{Identity: "user", Attributes: model.WithDefaults(
//			model.Attribute{Name: "name", Type: model.String, Required: true},
//			model.Attribute{Name: "pets", Collection: "pet", Via: "owner"},
//		)},
//		model.Definition{Identity: "pet", Attributes: model.WithDefaults(
//			model.Attribute{Name: "name", Type: model.String, Required: true},
//			model.Attribute{Name: "owner", Model: "user"},
//		)},
//	)
//
// # Values
//
// A Record is a map from attribute name to value. The values are those of JSON
// as encoding/json decodes them, so a record from the database, from a request
// and from Go code compare with ==:
//
//   - number: float64, whatever the column is. Integers are exact up to 2^53,
//     as in JavaScript. Timestamps are milliseconds since the epoch.
//   - string: string; boolean: bool.
//   - json and ref: nil, bool, float64, string, []any or map[string]any.
//   - a to-one association: the primary key of the other record or nil, or,
//     when populated, a Record or nil.
//   - a collection: absent, or, when populated, a []Record that is never nil.
//
// Integers of Go's other types are accepted wherever values come in and become
// float64.
//
// # Attributes that are not declared
//
// Every model is one with schema: true, as Sails' SQL adapters want: values under other
// names are left out by create and update, and refused in criteria (SEC-83, SEC-86).
// What a schema: false model of sails-disk or sails-mongo kept beside its attributes
// goes into an attribute of type json.
package model
