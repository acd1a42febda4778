package blueprint_test

import (
	"strings"
	"testing"

	"github.com/go-sails/sails/sailsio/blueprint"
)

// BO-6, BO-7, BO-11, SEC-87: changed collections are told under their names, with what that
// means for the other side; keys that cannot exist are those of no record; unique
// and required attributes are refused in the words of 0.12, by an update too.
func TestSails012_recorded(t *testing.T) {
	t.Parallel()
	w := newWorld012(t, func(cfg *blueprint.Config) { cfg.RawMessages = true })
	watcher, author := w.connect(), w.connect()
	author.do(`POST /user {"name":"a","email":"a@example.com"}`)
	author.do(`POST /user {"name":"b"}`)
	author.do(`POST /group {"title":"g"}`)
	for _, m := range []string{"user", "group"} {
		watcher.do("GET /" + m)
	}
	author.do(`PUT /user/1 {"groups":[1]}`)
	wantEvents(t, watcher.events(), `["group",{"id":1,"verb":"addedTo","attribute":"members","addedId":"1"}]`,
		`["user",{"verb":"updated","data":{"groups":[1],"id":1},"id":"1","previous":{"active":true,"email":"a@example.com","groups":[],"id":1,"name":"a","pets":[]}}]`)
	for request, want := range map[string]string{
		`PUT /user/nope {"name":"c"}`:             `Not Found `,
		`DELETE /user/nope`:                       "Not Found \"No record found with the specified `id`.\"",
		`PUT /user/2 {"email":"a@example.com"}`:   `"rule":"unique"`,
		`POST /user/1/pets/nope`:                  `"rule":"required"`,
		`PUT /user/2 {"name":""}`:                 `{"name":[{"rule":"required","message":"\"required\" validation rule failed for input: ''`,
		`POST /user {"name":"","email":"x@y.zz"}`: `{"name":[{"rule":"required","message":"\"required\" validation rule failed for input: ''`,
	} {
		if got := author.do(request); !strings.Contains(got, want) {
			t.Errorf("%s: %s, want %s", request, got, want)
		}
	}
	if got := author.do("DELETE /user/1/groups/nope"); !strings.HasPrefix(got, "OK ") {
		t.Errorf("removing what cannot be a member: %s", got)
	}
	wantEvents(t, watcher.events(), `["user",{"id":1,"verb":"removedFrom","attribute":"groups","removedId":"nope"}]`)
}

// PO-36: a mirror in 0.12 shows all actions, add among them, to who did them.
func TestSails012_mirror(t *testing.T) {
	t.Parallel()
	w := newWorld012(t, func(cfg *blueprint.Config) { cfg.Mirror = true })
	author := w.connect()
	author.do("GET /user")
	author.do(`POST /user {"name":"a"}`)
	author.do(`PUT /user/1 {"name":"b"}`)
	author.do(`POST /user/1/pets {"name":"rex"}`)
	author.do("DELETE /user/1/pets/1")
	author.do("DELETE /user/1")
	var verbs []string
	for _, e := range author.events() {
		if _, after, ok := strings.Cut(e, `["user",`); ok {
			_, after, _ = strings.Cut(after, `"verb":"`)
			verb, _, _ := strings.Cut(after, `"`)
			verbs = append(verbs, verb)
		}
	}
	if got := strings.Join(verbs, " "); got != "created updated addedTo removedFrom destroyed" {
		t.Errorf("the author saw %q", got)
	}
}

// BP-13: what is not the client's fault is a 500, in production without details.
func TestStoreFails(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.db.Close()
	c := w.connect()
	for _, request := range []string{"GET /user", "GET /user/1", `POST /vet {"name":"v"}`, "DELETE /vet/1"} {
		if got := c.do(request); !strings.HasPrefix(got, "Internal Server Error ") {
			t.Errorf("%s: %s", request, got)
		}
	}
}
