package blueprint_test

import (
	"strings"
	"testing"

	"github.com/go-sails/sails/sailsio/blueprint"
)

// BP-43, SU-15, SU-16: with Strict ids count as they were sent, and what Sails fails to look
// up is its own error.
func TestStrict_collections(t *testing.T) {
	t.Parallel()
	added := func(id string) string {
		return `["user",{"id":1,"verb":"addedTo","attribute":"pets","addedId":` + id + `}]`
	}
	removed := func(id string) string {
		return `["user",{"id":1,"verb":"removedFrom","attribute":"pets","removedId":` + id + `}]`
	}
	for _, strict := range []bool{false, true} {
		w := newWorld(t, func(c *blueprint.Config) { c.Strict = strict })
		w.seed(`POST /user {"name":"a","email":"a@b.co"}`, `POST /pet {"name":"p"}`, `POST /pet {"name":"q"}`)
		watcher := w.connect()
		watcher.do("GET /user/1?populate=false")
		watcher.events()
		twice, known, again, wrong := []string{added("1")}, []string(nil), []string{added("1")}, "Bad Request "
		if strict {
			twice, known = []string{added("1"), added("1")}, []string{added("1"), removed("1")}
			again, wrong = []string{added("1"), removed("1")}, "Internal Server Error "
		}
		w.seed("PUT /user/1/pets [1,1]")
		wantEvents(t, watcher.events(), twice...)
		w.seed(`PUT /user/1/pets ["1"]`)
		wantEvents(t, watcher.events(), known...)
		w.seed("PUT /user/1/pets/1")
		wantEvents(t, watcher.events(), again...)
		for _, line := range []string{"PUT /user/abc/pets/1", "DELETE /user/1/pets/abc", `PUT /user/1/pets ["abc"]`, `POST /user {"name":"b","email":"b@b.co","pets":["abc"]}`} {
			if got := w.http(line); !strings.HasPrefix(got, wrong) {
				t.Errorf("strict %v: %s: %s", strict, line, got)
			}
		}
		// What criteria take for a number is not always a key.
		if got := w.http("PUT /user/1/pets/1e0"); !strings.Contains(got, "E_INVALID_ASSOCIATED_IDS") {
			t.Error(got)
		}
		if got := w.http("PUT /user/1e0/pets [1]"); !strings.Contains(got, "E_INVALID_TARGET_RECORD_IDS") {
			t.Error(got)
		}
	}
}

// BP-35: the first of the attributes to sort by counts most, in whatever order the alphabet
// has them.
func TestSort_asWritten(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.seed(`POST /pet {"name":"b","weight":1}`, `POST /pet {"name":"a","weight":2}`, `POST /pet {"name":"b","weight":2}`)
	for sort, want := range map[string]string{
		`{"weight":-1,"name":1}`:  `OK [{"id":2},{"id":3},{"id":1}]`,
		`{"name":1,"weight":-1}`:  `OK [{"id":2},{"id":3},{"id":1}]`,
		`{"weight":1,"name":1}`:   `OK [{"id":1},{"id":2},{"id":3}]`,
		`{"name":-1,"weight":1}`:  `OK [{"id":1},{"id":3},{"id":2}]`,
		`{"weight":1,"name":-1}`:  `OK [{"id":1},{"id":3},{"id":2}]`,
		`{"name":-1,"weight":-1}`: `OK [{"id":3},{"id":1},{"id":2}]`,
	} {
		if got := w.http(q("/pet", "sort", sort) + "&select=id&populate=false"); got != want {
			t.Errorf("%s: %s", sort, got)
		}
	}
	refused(t, w, "Bad Request", q("/pet", "sort", `{"name":1,"weight":{}}`), q("/pet", "sort", `{"name":1,"weight":[1]}`), q("/pet", "sort", `{"name":1,"weight":2}`))
	refused(t, w, "Bad Request", `GET /pet?sort=null`, `GET /user/1/pets?sort=null`)
}

// BP-11: of several mistakes the one that was sent first is told.
func TestCreate_firstMistake(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	for line, want := range map[string]string{
		`POST /user {"name":[],"email":"bad"}`: "`name`",
		`POST /user {"email":"bad","name":[]}`: "`email`",
		`POST /user {"email":"bad"}`:           "`email`",
	} {
		if got := w.http(line); !strings.Contains(got, want) || !strings.Contains(got, "E_INVALID_NEW_RECORD") {
			t.Errorf("%s: %s", line, got)
		}
	}
	w.seed(`POST /user {"name":"a","email":"a@b.co"}`)
	for line, want := range map[string]string{`PATCH /user/1 {"name":[],"email":"bad"}`: "`name`", `PATCH /user/1 {"email":"bad","name":[]}`: "`email`"} {
		if got := w.http(line); !strings.Contains(got, want) || !strings.Contains(got, "E_INVALID_VALUES_TO_SET") {
			t.Errorf("%s: %s", line, got)
		}
	}
}
