package blueprint_test

import (
	"strings"
	"testing"

	"github.com/go-sails/sails/sailsio/blueprint"
)

const (
	rex  = `{"createdAt":0,"id":1,"name":"rex","owner":1,"species":"cat","updatedAt":0,"vet":null,"weight":0}`
	user = `"active":true,"age":null,"createdAt":0,`
)

// Spec 7.5 create, BP-10, BP-15, BP-16, PS-20, PS-40, PS-42: who hears of a new
// record, in which order, and what the answer is.
func TestCreate(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	watcher, author := w.connect(), w.connect()
	watcher.do("GET /vet")
	watcher.do("GET /pet")
	watcher.do("GET /user")
	wantAnswer(t, author.do(`POST /vet {"name":"Own"}`), `OK {"createdAt":0,"id":1,"name":"Own","updatedAt":0}`)
	wantEvents(t, author.events())
	wantEvents(t, watcher.events(), `["vet",{"verb":"created","data":{"createdAt":0,"id":1,"name":"Own","updatedAt":0},"id":1}]`)

	w.seed(`POST /user {"name":"joe","email":"joe@b.co"}`)
	watcher.events()
	author.do(`POST /pet {"name":"rex","owner":"1"}`)
	events := watcher.events()
	if len(events) != 2 || events[0] != `["user",{"id":1,"verb":"addedTo","attribute":"pets","addedId":1}]` || !strings.HasPrefix(events[1], `["pet",{"verb":"created","data":{`) || !strings.Contains(events[1], `"owner":{`+user) {
		t.Errorf("%s", strings.Join(events, "\n"))
	}
	// Stealing: the former owner is told last, without reverse.
	author.do(`POST /user {"name":"thief","email":"t@b.co","pets":[1]}`)
	events = watcher.events()
	if len(events) != 3 || events[0] != `["pet",{"verb":"updated","data":{"owner":2},"id":1}]` || !strings.HasPrefix(events[1], `["user",{"verb":"created"`) || events[2] != `["user",{"id":1,"verb":"removedFrom","attribute":"pets","removedId":1}]` {
		t.Errorf("%s", strings.Join(events, "\n"))
	}
	// A watcher is introduced to what was created: it hears of the update.
	w.seed(`PATCH /vet/1 {"name":"New"}`)
	wantEvents(t, watcher.events(), `["vet",{"verb":"updated","data":{"id":1,"name":"New","updatedAt":0},"id":1,"previous":{"createdAt":0,"id":1,"name":"Own","updatedAt":0}}]`)
	// The author was subscribed, and HTTP leaves nobody out.
	wantEvents(t, author.events(), `["vet",{"verb":"updated","data":{"id":1,"name":"New","updatedAt":0},"id":1,"previous":{"createdAt":0,"id":1,"name":"Own","updatedAt":0}}]`)
}

// Spec 7.5 update, BP-42, PS-21, PS-43, SU-18.
func TestUpdate(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.seed(`POST /user {"name":"a","email":"a@b.co"}`, `POST /user {"name":"b","email":"b@b.co"}`, `POST /pet {"name":"rex","owner":1}`)
	watcher, author := w.connect(), w.connect()
	watcher.do("GET /user")
	watcher.do("GET /pet?populate=false")
	got := author.do(`PATCH /pet/1 {"owner":2,"id":9,"createdAt":1,"tags":[]}`)
	if !strings.HasPrefix(got, `OK {"createdAt":0,"id":1,"name":"rex","owner":{"active"`) {
		t.Error(got)
	}
	events := watcher.events()
	if len(events) != 3 || events[0] != `["user",{"id":1,"verb":"removedFrom","attribute":"pets","removedId":1}]` ||
		events[1] != `["user",{"id":2,"verb":"addedTo","attribute":"pets","addedId":1}]` ||
		!strings.HasPrefix(events[2], `["pet",{"verb":"updated","data":{"id":1,"owner":2,"updatedAt":0},"id":1,"previous":{`) {
		t.Errorf("%s", strings.Join(events, "\n"))
	}
	author.do(`PATCH /user/2 {"pets":[]}`)
	events = watcher.events()
	if len(events) != 1 || !strings.HasPrefix(events[0], `["user",{"verb":"updated","data":{"id":2,"updatedAt":0},"id":2,"previous":{`) {
		t.Errorf("%s", strings.Join(events, "\n"))
	}
	wantAnswer(t, author.do(`GET /user/2/pets`), "OK []")
	wantAnswer(t, author.do(`PATCH /user/9 {"name":"x"}`), `Not Found "Not Found"`)
	wantEvents(t, author.events())
}

// Spec 7.5 destroy, PS-22, PS-47, PS-48: the record as it was, then the others.
func TestDestroy(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.seed(`POST /vet {"name":"v"}`, `POST /user {"name":"a","email":"a@b.co"}`, `POST /pet {"name":"rex","owner":1}`)
	watcher, author := w.connect(), w.connect()
	for _, m := range []string{"vet", "user", "pet"} {
		watcher.do("GET /" + m)
	}
	wantAnswer(t, author.do("DELETE /vet/1"), `OK {"createdAt":0,"id":1,"name":"v","updatedAt":0}`)
	wantEvents(t, watcher.events(), `["vet",{"verb":"destroyed","id":1,"previous":{"createdAt":0,"id":1,"name":"v","updatedAt":0}}]`)
	author.do(`DELETE /user {"id":1}`)
	events := watcher.events()
	if len(events) != 2 || !strings.HasPrefix(events[0], `["user",{"verb":"destroyed","id":1,"previous":{`) || !strings.Contains(events[0], `"pets":[`+rex+`]`) || events[1] != `["pet",{"verb":"updated","data":{"owner":null},"id":1}]` {
		t.Errorf("%s", strings.Join(events, "\n"))
	}
	wantAnswer(t, author.do("DELETE /user/1"), `Not Found "Not Found"`)
}

// Spec 7.5 add, remove and replace, PS-23, PS-24, PS-50..53, SU-16, SU-17, SU-29.
func TestCollections(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.seed(`POST /user {"name":"a","email":"a@b.co"}`, `POST /user {"name":"b","email":"b@b.co"}`,
		`POST /pet {"name":"rex"}`, `POST /pet {"name":"tom","owner":2}`, `POST /pet {"name":"kit"}`, `POST /tag {"label":"good"}`)
	watcher, author := w.connect(), w.connect()
	for _, m := range []string{"user", "pet", "tag"} {
		watcher.do("GET /" + m)
	}
	author.do("PUT /user/1/pets/2")
	wantEvents(t, watcher.events(), `["user",{"id":1,"verb":"addedTo","attribute":"pets","addedId":2}]`,
		`["pet",{"verb":"updated","data":{"owner":1},"id":2}]`, `["user",{"id":2,"verb":"removedFrom","attribute":"pets","removedId":2}]`)
	author.do("PUT /user/1/pets/2") // SU-29, and SU-16: no removedFrom for the same owner
	wantEvents(t, watcher.events(), `["user",{"id":1,"verb":"addedTo","attribute":"pets","addedId":2}]`, `["pet",{"verb":"updated","data":{"owner":1},"id":2}]`)
	author.do("PUT /pet/1/tags/1")
	wantEvents(t, watcher.events(), `["pet",{"id":1,"verb":"addedTo","attribute":"tags","addedId":1}]`, `["tag",{"id":1,"verb":"addedTo","attribute":"pets","addedId":1}]`)
	author.do("DELETE /pet/1/tags/1")
	wantEvents(t, watcher.events(), `["pet",{"id":1,"verb":"removedFrom","attribute":"tags","removedId":1}]`, `["tag",{"id":1,"verb":"removedFrom","attribute":"pets","removedId":1}]`)
	author.do("PUT /user/1/pets [1,3]")
	wantEvents(t, watcher.events(),
		`["user",{"id":1,"verb":"addedTo","attribute":"pets","addedId":1}]`, `["pet",{"verb":"updated","data":{"owner":1},"id":1}]`,
		`["user",{"id":1,"verb":"addedTo","attribute":"pets","addedId":3}]`, `["pet",{"verb":"updated","data":{"owner":1},"id":3}]`,
		`["user",{"id":1,"verb":"removedFrom","attribute":"pets","removedId":2}]`, `["pet",{"verb":"updated","data":{"owner":null},"id":2}]`)
	author.do("PUT /user/2/pets?pets=[1]")
	wantEvents(t, watcher.events(),
		`["user",{"id":2,"verb":"addedTo","attribute":"pets","addedId":1}]`, `["pet",{"verb":"updated","data":{"owner":2},"id":1}]`,
		`["user",{"id":1,"verb":"removedFrom","attribute":"pets","removedId":1}]`)
	author.do("PUT /user/1/bookmarks/1") // PS-54
	wantEvents(t, watcher.events(), `["user",{"id":1,"verb":"addedTo","attribute":"bookmarks","addedId":1}]`)
	for _, line := range []string{"PUT /user/9/pets/1", "PUT /user/1/pets/9", "DELETE /user/9/pets/1", "DELETE /user/1/pets/9", "PUT /user/9/pets [1]"} {
		wantAnswer(t, author.do(line), `Not Found "Not Found"`)
	}
	wantEvents(t, watcher.events())
	wantEvents(t, author.events())
}

// BP-14: mirror.
func TestMirror(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *blueprint.Config) { c.Mirror = true })
	author := w.connect()
	author.do(`POST /vet {"name":"v"}`)
	author.do(`PATCH /vet/1 {"name":"w"}`)
	wantEvents(t, author.events())
	author.do("DELETE /vet/1")
	if events := author.events(); len(events) != 1 || !strings.HasPrefix(events[0], `["vet",{"verb":"destroyed"`) {
		t.Error(events)
	}
	w = newWorld(t, func(c *blueprint.Config) { c.MirrorAll = true })
	author = w.connect()
	author.do(`POST /vet {"name":"v"}`)
	author.do(`PATCH /vet/1 {"name":"w"}`)
	if events := author.events(); len(events) != 1 || !strings.HasPrefix(events[0], `["vet",{"verb":"updated"`) {
		t.Error(events)
	}
}

// Messages hide what answers hide, unless they are to be as in Sails.
func TestMessages_toJSON(t *testing.T) {
	t.Parallel()
	for _, raw := range []bool{false, true} {
		w := newWorld(t, func(c *blueprint.Config) { c.RawMessages = raw })
		watcher, author := w.connect(), w.connect()
		watcher.do("GET /widget")
		if got := author.do(`POST /widget {"str":"a","secret":"s"}`); strings.Contains(got, "secret") {
			t.Error(got)
		}
		author.do(`PATCH /widget/1 {"num":3}`)
		got := strings.Join(watcher.events(), "\n")
		if strings.Contains(got, `"secret"`) != raw || strings.Contains(got, `"data":{"c_num":3,"id":1`) != raw || strings.Contains(got, `"data":{"id":1,"num":3`) == raw {
			t.Errorf("raw %v: %s", raw, got)
		}
	}
}

// Table 7.6, SU-11, BP-17: who is subscribed to what after reading.
func TestSubscriptions(t *testing.T) {
	t.Parallel()
	for _, quiet := range []bool{false, true} {
		w := newWorld(t, func(c *blueprint.Config) { c.NoAutoWatch = quiet })
		w.seed(`POST /user {"name":"a","email":"a@b.co"}`, `POST /pet {"name":"rex","owner":1}`)
		for _, c := range []struct{ request, want string }{
			{"GET /user", "user pet user1 pet1"}, {"GET /user/1", "user pet user1 pet1"}, {"GET /pet/1", "user user1 pet1"},
			{"GET /user/1/pets", "user pet user1 pet1"}, {"GET /pet/1/owner", "user user1 pet1"}, {"GET /vet", ""},
			{"GET /pet?name=nobody", "pet"}, {"GET /pet?populate=false", "user pet pet1"},
		} {
			reader := w.connect()
			reader.do(c.request)
			w.seed(`PATCH /user/1 {"nickname":"x"}`, `PATCH /pet/1 {"weight":2}`, `POST /user {"name":"n","email":"n@b.co"}`, `POST /pet {"name":"n"}`)
			got := map[string]bool{}
			for _, e := range reader.events() {
				for _, word := range []string{"user", "pet"} {
					if strings.HasPrefix(e, `["`+word+`",{"verb":"created"`) {
						got[word] = true
					}
					if strings.HasPrefix(e, `["`+word+`",{"verb":"updated"`) {
						got[word+"1"] = true
					}
				}
			}
			for _, room := range []string{"user", "pet", "user1", "pet1"} {
				want := strings.Contains(" "+c.want+" ", " "+room+" ") && !(quiet && !strings.HasSuffix(room, "1"))
				if got[room] != want {
					t.Errorf("quiet %v, %s: %s %v", quiet, c.request, room, got[room])
				}
			}
			reader.Close()
			w.seed("DELETE /user/2", "DELETE /pet/2")
			w.renumber()
		}
	}
}

// renumber lets the next user and pet get the key 2 again.
func (w *world) renumber() {
	w.t.Helper()
	w.execute(`DELETE FROM sqlite_sequence WHERE name IN ('user', 'pet')`)
}
