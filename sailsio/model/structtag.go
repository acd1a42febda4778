package model

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Of makes a Definition of a struct type, whose fields are the attributes in
// order. The definition may be completed before it is given to New.
//
// An attribute has the name that encoding/json gives the field. Its type follows
// the field's: strings, numbers (integers are checked to be some), bool and
// time.Time, which is kept as text; pointers to these may be null; everything
// else is json. The tag "sails" says the rest, with commas in between:
//
//   - key (the primary key), auto (numbered by the database), createdAt, updatedAt
//   - required, unique, null, encrypt, protected, default=VALUE, column=NAME,
//     columnType=TYPE, type=TYPE
//   - model=IDENTITY for a to-one association, collection=IDENTITY for a to-many
//     one; via=ATTRIBUTE, through=IDENTITY, dominant
//   - email, url, uuid, ip, hexColor, creditCard, notEmpty, integer, min=N, max=N,
//     minLength=N, maxLength=N, in=A|B, notIn=A|B
//   - regex=EXPRESSION, which takes the rest of the tag
//
// Fields with the tag "-", or json:"-", are no attributes:
//
//	type User struct {
//		ID    int64  `json:"id" sails:"key,auto"`
//		Name  string `json:"name" sails:"required,maxLength=60"`
//		Email string `json:"email" sails:"unique,email"`
//		Pets  []Pet  `json:"pets,omitempty" sails:"collection=pet,via=owner"`
//	}
func Of[T any](identity string) (Definition, error) {
	d := Definition{Identity: identity}
	t := reflect.TypeFor[T]()
	if t.Kind() != reflect.Struct {
		return d, fmt.Errorf("model: %s: %s is no struct", identity, t)
	}
	var mistakes []error
	for _, f := range reflect.VisibleFields(t) {
		if f.Anonymous || !f.IsExported() || len(f.Index) > 1 && hiddenBy(t, f) {
			continue
		}
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		tag := f.Tag.Get("sails")
		if name == "-" || tag == "-" {
			continue
		}
		if name == "" {
			name = f.Name
		}
		a, key, err := field(f.Type, tag)
		if err != nil {
			mistakes = append(mistakes, fmt.Errorf("model: %s.%s: %w", identity, name, err))
			continue
		}
		a.Name = name
		if key {
			d.PrimaryKey = name
		}
		d.Attributes = append(d.Attributes, a)
	}
	return d, errors.Join(mistakes...)
}

// hiddenBy reports whether a promoted field is hidden by a shallower one.
func hiddenBy(t reflect.Type, f reflect.StructField) bool {
	shown, ok := t.FieldByName(f.Name)
	return !ok || len(shown.Index) < len(f.Index)
}

var timeType = reflect.TypeFor[time.Time]()

func field(t reflect.Type, tag string) (a Attribute, key bool, err error) {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
		a.AllowNull = true
	}
	switch {
	case t == timeType, t.Kind() == reflect.String:
		a.Type = String
	case t.Kind() == reflect.Bool:
		a.Type = Boolean
	case t.Kind() >= reflect.Int && t.Kind() <= reflect.Uint64:
		a.Type, a.Validations.IsInteger = Number, true
	case t.Kind() == reflect.Float32, t.Kind() == reflect.Float64:
		a.Type = Number
	default:
		a.Type, a.AllowNull = JSON, false
	}
	for tag != "" {
		var option string
		if strings.HasPrefix(tag, "regex=") {
			option, tag = tag, ""
		} else {
			option, tag, _ = strings.Cut(tag, ",")
		}
		name, value, _ := strings.Cut(option, "=")
		if name == "key" {
			key = true
			continue
		}
		if err := a.option(name, value); err != nil {
			return a, key, err
		}
	}
	if a.Model != "" || a.Collection != "" {
		a.Type, a.AllowNull, a.Validations.IsInteger = "", false, false
	}
	if a.AutoIncrement || a.AutoCreatedAt || a.AutoUpdatedAt || key {
		a.Validations.IsInteger = false // the type says so
	}
	return a, key, nil
}

// option applies one option of a tag.
func (a *Attribute) option(name, value string) error {
	v := &a.Validations
	flags := map[string]*bool{
		"auto": &a.AutoIncrement, "createdAt": &a.AutoCreatedAt, "updatedAt": &a.AutoUpdatedAt, "required": &a.Required, "unique": &a.Unique,
		"null": &a.AllowNull, "protected": &a.Protected, "encrypt": &a.Encrypt, "dominant": &a.Dominant, "email": &v.IsEmail, "url": &v.IsURL, "uuid": &v.IsUUID,
		"ip": &v.IsIP, "hexColor": &v.IsHexColor, "creditCard": &v.IsCreditCard, "notEmpty": &v.IsNotEmptyString, "integer": &v.IsInteger,
	}
	texts := map[string]*string{"column": &a.Column, "columnType": &a.ColumnType, "model": &a.Model, "collection": &a.Collection, "via": &a.Via, "through": &a.Through, "type": (*string)(&a.Type)}
	bounds := map[string]**float64{"min": &v.Min, "max": &v.Max}
	lengths := map[string]**int{"minLength": &v.MinLength, "maxLength": &v.MaxLength}
	lists := map[string]*[]any{"in": &v.IsIn, "notIn": &v.IsNotIn}
	var err error
	switch {
	case flags[name] != nil:
		*flags[name] = true
	case texts[name] != nil:
		*texts[name] = value
	case bounds[name] != nil:
		var f float64
		f, err = strconv.ParseFloat(value, 64)
		*bounds[name] = &f
	case lengths[name] != nil:
		var n int
		n, err = strconv.Atoi(value)
		*lengths[name] = &n
	case lists[name] != nil:
		for item := range strings.SplitSeq(value, "|") {
			var converted any
			if converted, err = a.Convert(item); err != nil {
				break
			}
			*lists[name] = append(*lists[name], converted)
		}
	case name == "default":
		if a.Type == JSON || a.Type == Ref {
			err = json.Unmarshal([]byte(value), &a.Default)
		} else {
			a.Default, err = a.Convert(value)
		}
	case name == "regex":
		v.Regex, err = regexp.Compile(value)
	default:
		return fmt.Errorf("the tag has an unknown option %q", name)
	}
	if err != nil {
		return fmt.Errorf("option %s: %w", name, err)
	}
	return nil
}
