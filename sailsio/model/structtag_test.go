package model_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/go-sails/sails/sailsio/model"
)

type base struct {
	ID        int64 `json:"id" sails:"key,auto"`
	CreatedAt int64 `json:"createdAt" sails:"createdAt"`
	UpdatedAt time.Time
}

type owner struct {
	base
	Name    string         `json:"name" sails:"required,minLength=2,maxLength=60"`
	Email   *string        `json:"email,omitempty" sails:"unique,email"`
	Role    string         `json:"role" sails:"in=guest|admin,default=guest"`
	Age     int            `json:"age" sails:"min=0,max=150,column=years"`
	Score   float64        `json:"score" sails:"notIn=1|2,default=3"`
	Active  bool           `json:"active" sails:"default=true"`
	Doc     map[string]any `json:"doc" sails:"default={\"a\":1}"`
	Code    string         `json:"code" sails:"regex=^[a-z]{1,3}$"`
	Secret  string         `json:"secret" sails:"protected,columnType=varchar(9)"`
	Boss    any            `json:"boss" sails:"model=owner"`
	Friends []owner        `json:"friends" sails:"collection=owner"`
	Ignored string         `json:"-"`
	Skipped string         `json:"skipped" sails:"-"`
	hidden  int
}

// A struct gives the same model as a literal.
func TestOf(t *testing.T) {
	t.Parallel()
	_ = owner{}.hidden
	got, err := model.Of[owner]("owner")
	if err != nil {
		t.Fatal(err)
	}
	want := model.Definition{Identity: "owner", PrimaryKey: "id", Attributes: []model.Attribute{
		{Name: "id", Type: model.Number, AutoIncrement: true},
		{Name: "createdAt", Type: model.Number, AutoCreatedAt: true},
		{Name: "UpdatedAt", Type: model.String},
		{Name: "name", Type: model.String, Required: true, Validations: model.Validations{MinLength: new(2), MaxLength: new(60)}},
		{Name: "email", Type: model.String, AllowNull: true, Unique: true, Validations: model.Validations{IsEmail: true}},
		{Name: "role", Type: model.String, Default: "guest", Validations: model.Validations{IsIn: []any{"guest", "admin"}}},
		{Name: "age", Type: model.Number, Column: "years", Validations: model.Validations{IsInteger: true, Min: new(0.0), Max: new(150.0)}},
		{Name: "score", Type: model.Number, Default: 3.0, Validations: model.Validations{IsNotIn: []any{1.0, 2.0}}},
		{Name: "active", Type: model.Boolean, Default: true},
		{Name: "doc", Type: model.JSON, Default: map[string]any{"a": 1.0}},
		{Name: "code", Type: model.String, Validations: model.Validations{Regex: regexp.MustCompile("^[a-z]{1,3}$")}},
		{Name: "secret", Type: model.String, Protected: true, ColumnType: "varchar(9)"},
		{Name: "boss", Model: "owner"},
		{Name: "friends", Collection: "owner"},
	}}
	if len(got.Attributes) != len(want.Attributes) || got.PrimaryKey != want.PrimaryKey {
		t.Fatalf("got %+v", got)
	}
	for i := range want.Attributes {
		g, w := show(got.Attributes[i]), show(want.Attributes[i])
		if g != w {
			t.Errorf("got  %s\nwant %s", g, w)
		}
	}
	if _, err := model.New(got); err != nil {
		t.Error(err)
	}
}

func show(a model.Attribute) string {
	v := a.Validations
	s := fmt.Sprint(v.Regex, v.IsIn, v.IsNotIn, v.IsEmail, v.IsInteger)
	for _, p := range []*float64{v.Min, v.Max} {
		if p != nil {
			s += fmt.Sprint(" ", *p)
		}
	}
	for _, p := range []*int{v.MinLength, v.MaxLength} {
		if p != nil {
			s += fmt.Sprint(" ", *p)
		}
	}
	a.Validations = model.Validations{}
	return fmt.Sprintf("%+v %s", a, s)
}

func TestOf_mistakes(t *testing.T) {
	t.Parallel()
	if _, err := model.Of[int]("x"); err == nil {
		t.Error("no error for a type that is no struct")
	}
	type bad struct {
		A string `sails:"nope"`
		B int    `sails:"min=x"`
		C int    `sails:"in=a"`
		D string `sails:"regex=("`
		E string `sails:"maxLength=x"`
		F []int  `sails:"default={"`
	}
	_, err := model.Of[bad]("x")
	for _, want := range []string{`x.A: the tag has an unknown option "nope"`, "x.B: option min", "x.C: option in", "x.D: option regex", "x.E: option maxLength", "x.F: option default"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v lacks %s", err, want)
		}
	}
}

func ExampleOf() {
	type Pet struct {
		ID   int64  `json:"id" sails:"key,auto"`
		Name string `json:"name" sails:"required"`
	}
	definition, err := model.Of[Pet]("pet")
	if err != nil {
		fmt.Println(err)
		return
	}
	schema, err := model.New(definition)
	if err != nil {
		fmt.Println(err)
		return
	}
	pet, _ := schema.Model("pet")
	fmt.Println(pet.PrimaryKey.Name, len(pet.Attributes))
	// Output: id 2
}
