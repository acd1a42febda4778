package model

import (
	"context"
	"regexp"
	"time"
)

// Record is one record: attribute names and values as the package comment
// describes them. It is an alias, so that records are what encoding/json and
// virtual responses expect.
type Record = map[string]any

// Type is the data type of an attribute that is no association.
type Type string

// The five types of Sails 1.x. JSON and Ref both hold any JSON value; queries
// never coerce what is compared with them (BP-37).
const (
	String  Type = "string"
	Number  Type = "number"
	Boolean Type = "boolean"
	JSON    Type = "json"
	Ref     Type = "ref"
)

// Definition declares one model. It is input for New, which copies it.
type Definition struct {
	// Identity is the lower-case name: letters, digits and underscores, not
	// starting with a digit. It names routes, events and rooms.
	Identity string

	// Table is the name of the table. Empty means Identity.
	Table string

	// PrimaryKey names the attribute that identifies a record. Empty means "id".
	PrimaryKey string

	// Attributes are the attributes in order. The order decides the order of
	// notifications (spec 7.5) and of columns. WithDefaults adds the usual ones.
	Attributes []Attribute

	// Readable lists the attributes that clients may see and filter by. Nil
	// means all that are not Protected. The primary key is always readable.
	Readable []string

	// Writable lists the attributes that clients may set by create and update,
	// and the collections they may change. Nil means all that are not Protected.
	// The automatic ones (timestamps, an auto-increment key) are never writable.
	Writable []string

	// ToJSON turns a record into what clients see (customToJSON). It gets a copy
	// it may change and return. Nil means the record as it is. It must be safe
	// for concurrent use.
	ToJSON func(Record) Record

	// Lifecycle holds the callbacks around writes.
	Lifecycle Lifecycle

	// Sparse leaves attributes without a value out of records, as Sails 0.12 does:
	// there are no base values, null counts as no value and is taken for every
	// attribute that is not required.
	Sparse bool

	// CascadeOnDestroy makes Destroy unlink the record from its collections
	// first, so that no junction row or foreign key refers to it any more.
	CascadeOnDestroy bool
}

// Attribute declares one attribute: a value when Type is set, a to-one
// association when Model is, a collection when Collection is. Exactly one of
// the three is given.
type Attribute struct {
	Name string
	Type Type

	// Model is the identity of the other model of a to-one association.
	Model string
	// Collection is the identity of the other model of a to-many association.
	Collection string
	// Via names the attribute on the other side. For a collection it is the
	// to-one or collection attribute of the other model (with Through: the
	// attribute of the junction model that refers to this model). Without it the
	// collection is one-way. On a to-one association it declares one-to-one with
	// a to-one attribute of the other model, and is optional.
	Via string
	// Through is the identity of the junction model of a many-to-many association.
	Through string
	// Dominant is accepted for many-to-many associations as in Sails. Every model
	// of a Schema lives in one database, so it decides nothing.
	Dominant bool

	// Column is the name of the column. Empty means Name. Not for collections.
	Column string
	// ColumnType is the column's type in the words of the database, for
	// migrations. Empty means one that fits Type. It is trusted: never take it
	// from a request. A ref whose ColumnType is a timestamp, datetime or date holds
	// times: milliseconds and the usual texts are taken, and records have the text
	// that JavaScript's toISOString makes.
	ColumnType string

	// Required attributes must be given by create. They take no default.
	Required bool
	// AllowNull lets a string, number or boolean be null; its base value is then
	// null instead of "", 0 or false.
	AllowNull bool
	// Default is what create stores when no value is given (defaultsTo). Nil
	// means the base value.
	Default any
	// AutoCreatedAt attributes get the time of create, AutoUpdatedAt ones the time
	// of create and update: milliseconds for a number, an RFC 3339 string with
	// milliseconds for a string.
	AutoCreatedAt, AutoUpdatedAt bool
	// AutoIncrement makes the database number the records. For number attributes.
	AutoIncrement bool
	// Unique values occur once in the table. Null is exempt. The primary key is
	// unique anyway.
	Unique bool

	// Encrypt keeps the values encrypted in the database, as Sails' encrypt does, and
	// readable for Sails. Records have them as they are kept unless the store is asked
	// to decrypt them, and criteria can only ask whether they are null or "". The base
	// values "", 0 and false are not encrypted. Not for ref, associations, the primary
	// key, automatic times and unique attributes, and not with Default.
	Encrypt bool

	// Protected attributes are for the server's own code: clients neither read,
	// nor set, nor filter by them (SEC-83, SEC-86).
	Protected bool

	// Validations are checked by create and update. Not for associations.
	Validations Validations
}

// Validations are Waterline's validation rules. The zero value checks nothing.
// Rules other than IsNotEmptyString, IsInteger, IsNumber, IsString, IsBoolean,
// Min, Max and Custom let the empty string pass; null is not checked where it
// is allowed.
type Validations struct {
	IsBoolean        bool // json, ref
	IsNumber         bool // json, ref
	IsString         bool // json, ref
	IsInteger        bool // number, json, ref
	IsNotEmptyString bool // string, json, ref
	IsCreditCard     bool // string, json, ref
	IsEmail          bool
	IsHexColor       bool
	IsIP             bool
	IsURL            bool
	IsUUID           bool

	// IsIn and IsNotIn list the values that are allowed or refused; nil means the
	// rule is off. For string, number, json and ref.
	IsIn, IsNotIn []any

	// Min and Max bound a number, both inclusive: Min: new(0.0).
	Min, Max *float64

	// MinLength and MaxLength bound a string in UTF-16 code units, as JavaScript
	// counts; nil means the rule is off.
	MinLength, MaxLength *int

	// IsAfter and IsBefore bound a time given in milliseconds or as a string; the
	// zero time means the rule is off.
	IsAfter, IsBefore time.Time

	// Regex must match somewhere in the string.
	Regex *regexp.Regexp

	// Custom returns nil for a valid value; its error says what is wrong. It is
	// not called for null. It must be safe for concurrent use.
	Custom func(value any) error
}

// Lifecycle holds callbacks around writes. Each may be nil, runs inside the
// transaction of the write and may change the record it gets; an error aborts
// the write and is returned as it is. They must be safe for concurrent use.
type Lifecycle struct {
	// BeforeCreate gets the new record after it was checked, base values and
	// defaults included. It is not checked again.
	BeforeCreate func(ctx context.Context, values Record) error
	AfterCreate  func(ctx context.Context, record Record) error
	// BeforeUpdate gets the checked values to set.
	BeforeUpdate func(ctx context.Context, values Record) error
	// AfterUpdate and AfterDestroy are called once for each record concerned.
	AfterUpdate func(ctx context.Context, record Record) error
	// BeforeDestroy gets the criteria as they were given to Destroy.
	BeforeDestroy func(ctx context.Context, criteria Criteria) error
	AfterDestroy  func(ctx context.Context, record Record) error
}

// WithDefaults returns the attributes that Sails' config/models.js gives every
// model, createdAt, updatedAt and an auto-increment id, followed by own. One of
// the three that own declares again takes the place of the default.
func WithDefaults(own ...Attribute) []Attribute {
	all := []Attribute{
		{Name: "createdAt", Type: Number, AutoCreatedAt: true},
		{Name: "updatedAt", Type: Number, AutoUpdatedAt: true},
		{Name: "id", Type: Number, AutoIncrement: true},
	}
next:
	for _, a := range own {
		for i := range 3 {
			if all[i].Name == a.Name {
				all[i] = a
				continue next
			}
		}
		all = append(all, a)
	}
	return all
}
