package model_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/go-sails/sails/sailsio/model"
	"github.com/go-sails/sails/sailsio/model/modeltest"
)

func association(t *testing.T, s *model.Schema, identity, alias string) *model.Association {
	t.Helper()
	m, ok := s.Model(identity)
	if !ok {
		t.Fatalf("no model %s", identity)
	}
	a, ok := m.Association(alias)
	if !ok {
		t.Fatalf("no association %s.%s", identity, alias)
	}
	return a
}

func path(a *model.Association) string {
	if a == nil {
		return "-"
	}
	return a.Owner.Identity + "." + a.Alias
}

// PS-40..PS-54, SU-12: which attribute of the other model mirrors an association.
func TestAssociations(t *testing.T) {
	t.Parallel()
	s := modeltest.Schema()
	for _, c := range []struct {
		identity, alias          string
		kind                     model.Kind
		inverse, oneToOne, back  string
		junction, owner, foreign string
	}{
		{"user", "manager", model.ToOne, "user.reports", "-", "user.reports", "", "", ""},
		{"user", "reports", model.ToMany, "user.manager", "-", "user.manager", "", "", ""},
		{"user", "pets", model.ToMany, "pet.owner", "-", "pet.owner", "", "", ""},
		{"user", "bookmarks", model.ToMany, "-", "-", "-", "tag_bookmarks_tag__user_bookmarks", "user_bookmarks", "tag_bookmarks_tag"},
		{"user", "messages", model.ToMany, "message.author", "-", "message.author", "", "", ""},
		{"pet", "owner", model.ToOne, "user.pets", "-", "user.pets", "", "", ""},
		{"pet", "vet", model.ToOne, "-", "-", "-", "", "", ""},
		{"pet", "tags", model.ToMany, "tag.pets", "-", "tag.pets", "pet_tags__tag_pets", "pet_tags", "tag_pets"},
		{"tag", "pets", model.ToMany, "pet.tags", "-", "pet.tags", "pet_tags__tag_pets", "tag_pets", "pet_tags"},
		{"message", "author", model.ToOne, "user.messages", "-", "user.messages", "", "", ""},
		{"person", "passport", model.ToOne, "-", "passport.holder", "passport.holder", "", "", ""},
		{"passport", "holder", model.ToOne, "-", "person.passport", "person.passport", "", "", ""},
		{"student", "courses", model.ToMany, "-", "-", "course.students", "enrolment", "student_ref", "course_id"},
		{"course", "students", model.ToMany, "-", "-", "student.courses", "enrolment", "course_id", "student_ref"},
		{"friend", "likes", model.ToMany, "friend.likedBy", "-", "friend.likedBy", "friend_likedBy__friend_likes", "friend_likes", "friend_likedBy"},
		{"friend", "likedBy", model.ToMany, "friend.likes", "-", "friend.likes", "friend_likedBy__friend_likes", "friend_likedBy", "friend_likes"},
	} {
		a := association(t, s, c.identity, c.alias)
		if a.Kind != c.kind {
			t.Errorf("%s: kind %d", path(a), a.Kind)
		}
		got := fmt.Sprint(path(a.Inverse), " ", path(a.OneToOne), " ", path(a.BackReference))
		if want := c.inverse + " " + c.oneToOne + " " + c.back; got != want {
			t.Errorf("%s: inverse, one-to-one, back reference: got %s, want %s", path(a), got, want)
		}
		table := ""
		if a.Junction != nil {
			table = a.Junction.Table
		}
		if table != c.junction || a.OwnerColumn != c.owner || a.TargetColumn != c.foreign {
			t.Errorf("%s: junction %s(%s, %s)", path(a), table, a.OwnerColumn, a.TargetColumn)
		}
	}
	if n := len(s.Junctions()); n != 4 {
		t.Errorf("%d junctions, want 4", n)
	}
}

// The attribute order decides the order of notifications.
func TestOrder(t *testing.T) {
	t.Parallel()
	s := modeltest.Schema()
	user, _ := s.Model("user")
	var names []string
	for _, a := range user.Associations {
		names = append(names, a.Alias)
	}
	if got := strings.Join(names, " "); got != "manager reports pets bookmarks messages" {
		t.Error(got)
	}
	if got := user.Attributes[2].Name + " " + user.Attributes[3].Name; got != "id name" {
		t.Error(got)
	}
}

// PS "PK coercion": number keys as parseInt reads them, string keys as text.
func TestCoerceID(t *testing.T) {
	t.Parallel()
	s := modeltest.Schema()
	user, _ := s.Model("user")
	room, _ := s.Model("room")
	for _, c := range []struct {
		m        *model.Model
		in, want any
	}{
		{user, "3", 3.0}, {user, 3, 3.0}, {user, int64(3), 3.0}, {user, 3.7, 3.0}, {user, "12abc", 12.0},
		{user, " 7", 7.0}, {user, "-4", -4.0}, {user, "abc", nil}, {user, "", nil}, {user, nil, nil}, {user, true, nil},
		{room, "a", "a"}, {room, 3, "3"}, {room, 2.5, "2.5"}, {room, 1e21, "1e+21"}, {room, true, "true"}, {room, nil, ""},
	} {
		if got := c.m.CoerceID(c.in); got != c.want {
			t.Errorf("%s: CoerceID(%#v) = %#v, want %#v", c.m.Identity, c.in, got, c.want)
		}
	}
	if got := user.ID(model.Record{"id": 4}); got != 4.0 {
		t.Errorf("ID of a record = %#v", got)
	}
	if got := user.ID([]any{1}); got != nil {
		t.Errorf("ID of a list = %#v", got)
	}
}

func TestNew_mistakes(t *testing.T) {
	t.Parallel()
	key := model.Attribute{Name: "id", Type: model.Number}
	with := func(a ...model.Attribute) []model.Definition {
		return []model.Definition{{Identity: "a", Attributes: append([]model.Attribute{key}, a...)}, {Identity: "b", Attributes: []model.Attribute{key, {Name: "x", Model: "b"}}}}
	}
	for _, c := range []struct {
		defs []model.Definition
		want string
	}{
		{[]model.Definition{{Identity: "User"}}, `identity "User"`},
		{[]model.Definition{{Identity: "a"}}, "primary key"},
		{[]model.Definition{{Identity: "a", Attributes: []model.Attribute{key}}, {Identity: "a", Attributes: []model.Attribute{key}}}, "declared twice"},
		{[]model.Definition{{Identity: "a", Attributes: []model.Attribute{key}}, {Identity: "b", Table: "a", Attributes: []model.Attribute{key}}}, "also that of a"},
		{with(key), "a.id: declared twice"},
		{with(model.Attribute{Name: "no space", Type: model.String}), "no usable name"},
		{with(model.Attribute{Name: "toJSON", Type: model.String}), "no usable name"},
		{with(model.Attribute{Name: "x"}), "exactly one"},
		{with(model.Attribute{Name: "x", Type: model.String, Model: "b"}), "exactly one"},
		{with(model.Attribute{Name: "x", Type: "text"}), "unknown type"},
		{with(model.Attribute{Name: "x", Type: model.String, Column: `a"b`}), "column"},
		{with(model.Attribute{Name: "x", Type: model.String, Column: "ID"}), "also that of id"},
		{with(model.Attribute{Name: "x", Type: model.String, Required: true, Default: "a"}), "no default"},
		{with(model.Attribute{Name: "x", Type: model.String, Default: 3}), "default is no string"},
		{with(model.Attribute{Name: "x", Type: model.JSON, AllowNull: true}), "AllowNull"},
		{with(model.Attribute{Name: "x", Type: model.Boolean, AutoCreatedAt: true}), "automatic time"},
		{with(model.Attribute{Name: "x", Type: model.String, AutoIncrement: true}), "AutoIncrement"},
		{with(model.Attribute{Name: "x", Type: model.Number, Validations: model.Validations{IsEmail: true}}), "IsEmail"},
		{with(model.Attribute{Name: "x", Model: "b", Validations: model.Validations{IsEmail: true}}), "not for associations"},
		{with(model.Attribute{Name: "x", Type: model.Number, Validations: model.Validations{Min: new(3.0), Max: new(2.0)}}), "Min is above Max"},
		{with(model.Attribute{Name: "x", Model: "c"}), `no model "c"`},
		{with(model.Attribute{Name: "x", Collection: "b", Via: "y"}), "no association"},
		{with(model.Attribute{Name: "x", Collection: "b", Via: "x"}), "refers to b"},
		{with(model.Attribute{Name: "x", Collection: "a", Via: "x"}), "points at the attribute itself"},
		{with(model.Attribute{Name: "x", Collection: "b", Required: true}), "cannot be required"},
		{with(model.Attribute{Name: "x", Collection: "b", Dominant: true}), "Dominant needs Via"},
		{with(model.Attribute{Name: "x", Collection: "b", Via: "x", Through: "c"}), "junction model"},
		{with(model.Attribute{Name: "x", Collection: "b", Through: "b"}), "Through needs Via"},
		{[]model.Definition{{Identity: "a", Readable: []string{"y"}, Attributes: []model.Attribute{key}}}, `unknown attribute "y"`},
		{[]model.Definition{{Identity: "a", PrimaryKey: "x", Attributes: []model.Attribute{{Name: "x", Type: model.JSON}}}}, "number or a string"},
		{[]model.Definition{{Identity: "a", PrimaryKey: "x", Attributes: []model.Attribute{{Name: "x", Type: model.String, AllowNull: true}}}}, "AllowNull"},
	} {
		_, err := model.New(c.defs...)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: got %v, want %q", c.defs, err, c.want)
		}
	}
}

// SEC-83, SEC-86: what clients may read and write.
func TestAccess(t *testing.T) {
	t.Parallel()
	s := modeltest.Schema()
	account, _ := s.Model("account")
	for name, want := range map[string][2]bool{
		"id": {true, false}, "createdAt": {true, false}, "login": {true, true},
		"password": {false, false}, "admin": {true, false}, "nope": {false, false},
	} {
		if got := [2]bool{account.Readable(name), account.Writable(name)}; got != want {
			t.Errorf("%s: readable, writable = %v, want %v", name, got, want)
		}
	}
	room, _ := s.Model("room")
	if !room.Writable("code") {
		t.Error("a key that the database does not number must be writable")
	}
}

func TestModel_Public(t *testing.T) {
	t.Parallel()
	defs := []model.Definition{
		{Identity: "a", Attributes: model.WithDefaults(
			model.Attribute{Name: "secret", Type: model.String, Protected: true},
			model.Attribute{Name: "bs", Collection: "b", Via: "a"},
		), ToJSON: func(r model.Record) model.Record { r["seen"] = true; return r }},
		{Identity: "b", Attributes: model.WithDefaults(
			model.Attribute{Name: "hidden", Type: model.String, Protected: true},
			model.Attribute{Name: "a", Model: "a"},
		)},
	}
	s, err := model.New(defs...)
	if err != nil {
		t.Fatal(err)
	}
	a, _ := s.Model("a")
	in := model.Record{"id": 1.0, "secret": "s", "bs": []model.Record{{"id": 2.0, "hidden": "h", "a": 1.0}}}
	got := fmt.Sprint(a.Public(in))
	if want := "map[bs:[map[a:1 id:2]] id:1 seen:true]"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if in["secret"] != "s" || in["seen"] != nil {
		t.Error("Public changed its argument")
	}
	if a.Public(nil) != nil {
		t.Error("Public(nil)")
	}
}

func ExampleNew() {
	schema, err := model.New(
		model.Definition{Identity: "user", Attributes: model.WithDefaults(
			model.Attribute{Name: "name", Type: model.String, Required: true},
			model.Attribute{Name: "pets", Collection: "pet", Via: "owner"},
		)},
		model.Definition{Identity: "pet", Attributes: model.WithDefaults(
			model.Attribute{Name: "name", Type: model.String, Required: true},
			model.Attribute{Name: "owner", Model: "user"},
		)},
	)
	if err != nil {
		fmt.Println(err)
		return
	}
	pet, _ := schema.Model("pet")
	owner, _ := pet.Association("owner")
	fmt.Println(owner.Target.Identity, owner.Inverse.Alias)
	// Output: user pets
}
