package project

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/go-sails/sails/internal/leakcheck"
	"github.com/go-sails/sails/sailsio/manifest"
)

func TestMain(m *testing.M) { leakcheck.Main(m) }

// odd is a manifest whose names mean something in Go, with everything that a tag
// cannot say.
func odd() *manifest.Manifest {
	text := func(s string) json.RawMessage { return json.RawMessage(s) }
	return &manifest.Manifest{
		Version: 1, Name: "odd\n*/ app",
		Models: []manifest.Model{
			{
				Identity: "models", TableName: "the_models", PrimaryKey: "code", CascadeOnDestroy: true, ReadOnly: []string{"type"}, Hidden: []string{"secret"},
				Unported: []string{"beforeCreate", "custom:func"},
				Attributes: []manifest.Attribute{
					{Name: "code", Type: "number", Required: true, Validations: manifest.Validations{IsInteger: true, Min: new(0.5)}},
					{Name: "type", Type: "string", Validations: manifest.Validations{IsIn: []json.RawMessage{text(`"a,b"`), text(`"c|d"`)}}, DefaultsTo: text(`"a,b"`)},
					{Name: "Type", Type: "string", ColumnName: "a,b", Description: "two\nlines"},
					{Name: "func", Type: "json", DefaultsTo: text(`{"a":[1,"x",null]}`), Validations: manifest.Validations{IsString: true}},
					{Name: "$x", Type: "string", Validations: manifest.Validations{Regex: "^[`\"\\\\,]{1,2}$", IsAfter: "2020-01-02T03:04:05Z"}},
					{Name: "_", Type: "number", AllowNull: true, Validations: manifest.Validations{IsIn: []json.RawMessage{text("1"), text("2.5")}}},
					{Name: "secret", Type: "ref"},
					{Name: "owner", Model: "ref"},
				},
			},
			{Identity: "ref", Attributes: []manifest.Attribute{
				{Name: "id", Type: "string", Required: true},
				{Name: "ssn", Type: "string", Encrypt: true},
				{Name: "yes", Type: "boolean", AllowNull: true, DefaultsTo: text("true")},
				{Name: "owned", Collection: "models", Via: "owner"},
			}},
		},
		Routes: []manifest.Route{
			{Address: "GET /about", Was: "view pages/about"}, {Address: "/about"}, {Address: "GET /models/:id", Action: "models/find"},
			{Address: "GET /old", Redirect: "/about"}, {Address: "POST /user/test", Action: "user/test", Policies: []string{"inline:POST /user/test"}},
			{Address: "GET /token", Action: "security/grant-csrf-token"},
		},
		Actions:  []string{"user/test", "report/windows", "user_test", "table", "1/2", "ref/find"},
		Policies: map[string][]string{"*": {"isLoggedIn"}, "user/test": {"true"}, "report/*": {"registry"}, "table": {"false"}},
		Sockets:  manifest.Sockets{Unported: []string{"beforeConnect"}, SendStatusCode: new(false), OnlyAllowOrigins: []string{"https://a.example"}},
		Session:  manifest.Session{Store: "redis", Cookie: manifest.SessionCookie{MaxAge: 5, HTTPOnly: new(false)}},
		CORS:     manifest.CORS{AllRoutes: true, AllowOrigins: []string{"https://a.example"}}, CSRF: true,
		Datastore: manifest.Datastore{Adapter: "postgres"}, TrustProxies: []string{"127.0.0.1"},
		Report: []manifest.Note{{Where: "hooks", What: "they are\ncode", Do: "write them"}},
	}
}

// compare is a test that the project gets: its models are those of the manifest.
const compare = `package models

import (
	"os"
	"reflect"
	"testing"

	"github.com/go-sails/sails/sailsio/manifest"
	"github.com/go-sails/sails/sailsio/model"
)

func TestAsInManifest(t *testing.T) {
	m, err := manifest.ReadFile(os.Getenv("MANIFEST"))
	if err != nil {
		t.Fatal(err)
	}
	theirs, err := m.Definitions()
	if err != nil {
		t.Fatal(err)
	}
	ours, err := Definitions()
	if err != nil {
		t.Fatal(err)
	}
	if len(ours) != len(theirs) {
		t.Fatalf("%d and %d models", len(ours), len(theirs))
	}
	for i, d := range ours {
		w := theirs[i]
		if d.Identity != w.Identity || d.Table != w.Table || d.CascadeOnDestroy != w.CascadeOnDestroy || !reflect.DeepEqual(d.Writable, w.Writable) || len(d.Attributes) != len(w.Attributes) {
			t.Errorf("%+v\n%+v", d, w)
		}
		for j, a := range d.Attributes {
			b := w.Attributes[j]
			if a.Validations.Regex != nil && b.Validations.Regex != nil && a.Validations.Regex.String() == b.Validations.Regex.String() {
				a.Validations.Regex, b.Validations.Regex = nil, nil
			}
			if !reflect.DeepEqual(a, b) {
				t.Errorf("%s\n%+v\n%+v", d.Identity, a, b)
			}
		}
		if _, err := model.New(d); err != nil && len(ours) == 1 {
			t.Error(err)
		}
	}
}
`

// Projects of the conformance application and of an odd one compile, have the models
// of the manifest, and pass their own tests, all without a network.
func TestFiles_Compile(t *testing.T) {
	t.Parallel()
	root, err := filepath.Abs("../../../..")
	if err != nil {
		t.Fatal(err)
	}
	conformance, err := manifest.ReadFile(filepath.Join(root, "sailsio/manifest/testdata/conformance.json"))
	if err != nil {
		t.Fatal(err)
	}
	for name, m := range map[string]*manifest.Manifest{"conformance": conformance, "odd": odd()} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			source := filepath.Join(dir, manifest.FileName)
			f, err := os.Create(source)
			if err != nil {
				t.Fatal(err)
			}
			if err := m.Write(f); err != nil {
				t.Fatal(err)
			}
			if err := f.Close(); err != nil {
				t.Fatal(err)
			}
			files, err := Files(Config{Manifest: m, Module: "example.com/" + name, Version: "v0.0.0", Replace: root})
			if err != nil {
				t.Fatal(err)
			}
			files["models/compare_test.go"] = []byte(compare)
			complete(t, root, files)
			if _, err := Write(dir, files, false); err != nil {
				t.Fatal(err)
			}
			cmd := exec.CommandContext(t.Context(), "go", "test", "./...")
			cmd.Dir = dir
			cmd.Env = append(os.Environ(), "GOFLAGS=-mod=readonly", "GOPROXY=off", "GOSUMDB=off", "GOWORK=off", "MANIFEST="+source)
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Fatalf("go test: %v\n%s", err, out)
			}
		})
	}
}

// complete makes go.mod what "go mod tidy" would make of it.
func complete(t *testing.T, root string, files map[string][]byte) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	for _, block := range regexp.MustCompile(`(?s)require \(.*?\n\)`).FindAll(text, -1) {
		files["go.mod"] = append(append(files["go.mod"], '\n'), block...)
	}
	if files["go.sum"], err = os.ReadFile(filepath.Join(root, "go.sum")); err != nil {
		t.Fatal(err)
	}
}

// What the manifest says ends up where it belongs.
func TestFiles(t *testing.T) {
	t.Parallel()
	files, err := Files(Config{Manifest: odd(), Module: "example.com/odd", Version: "v1.2.3"})
	if err != nil {
		t.Fatal(err)
	}
	for name, parts := range map[string][]string{
		"go.mod":                      {"require github.com/go-sails/sails v1.2.3"},
		"actions/user-test.go":        {"func (a *Actions) UserTest(", `a.notWritten(w, r, "user/test")`, "// POST /user/test"},
		"actions/user-test-2.go":      {"UserTest2("},
		"actions/report-windows.go":   {"ReportWindows("},
		"actions/routes-get-about.go": {"which was view pages/about"},
		"actions/actions.go":          {`"table": `, "a.Table2)"},
		"policies/isloggedin.go":      {"IsLoggedIn(next http.Handler)", `p.notWritten("isLoggedIn")`},
		"policies/policies.go":        {"func BeforeConnect(", `"inline:POST /user/test":`, "p.Registry2"},
		"config/routes.go":            {`{Address: "GET /old", Redirect: "/about"}`, `Action: "routes/get-about"`, `Action: "models/find"`},
		"config/policies.go":          {`"*": {"isLoggedIn"}`},
		"config/settings.go":          {`Store: "redis"`, `HTTPOnly: new(false)`, "CSRF: true"},
		"models/models.go":            {`"models": {"beforeCreate", "custom:func"}`, "*typed.Collection[Models2]"},
		"README.md":                   {"- [ ] policy `isLoggedIn`", "- [ ] model `models`: beforeCreate", "hooks: they are code; write them"},
		"server/server.go":            {"redis.ParseURL(os.Getenv(\"REDIS_URL\"))", "policies.BeforeConnect"},
		"main.go":                     {"Command odd */ app serves", "DATABASE_URL"},
	} {
		if len(parts) > 0 && files[name] == nil {
			t.Errorf("no %s", name)
		}
		text := strings.Join(strings.Fields(string(files[name])), " ") // however gofmt aligns it
		for _, part := range parts {
			if !strings.Contains(text, part) {
				t.Errorf("no %q in %s:\n%s", part, name, files[name])
			}
		}
	}
	for name := range files {
		if strings.Contains(filepath.Base(name), "_") && name != "server/server_test.go" {
			t.Errorf("%s may mean a test or a platform", name)
		}
	}
}

// A manifest with nothing in it makes a project too.
func TestFiles_Empty(t *testing.T) {
	t.Parallel()
	files, err := Files(Config{Manifest: &manifest.Manifest{Version: 1}, Module: "example.com/empty", Version: "v1.2.3"})
	if err != nil || !strings.Contains(string(files["main.go"]), "Command empty serves") {
		t.Errorf("%v\n%s", err, files["main.go"])
	}
	if strings.Contains(string(files["models/models.go"]), `"encoding/json"`) || strings.Contains(string(files["policies/policies.go"]), "action.JSON") {
		t.Error("imports that nothing uses")
	}
}

func TestFiles_Mistakes(t *testing.T) {
	t.Parallel()
	for part, md := range map[string]manifest.Model{
		`no model "ghost"`: {Identity: "a", Attributes: []manifest.Attribute{{Name: "id", Type: "number"}, {Name: "b", Model: "ghost"}}},
		"primary key":      {Identity: "a", PrimaryKey: "none", Attributes: []manifest.Attribute{{Name: "id", Type: "number"}, {Name: "b", Model: "a"}}},
		"isIn":             {Identity: "a", Attributes: []manifest.Attribute{{Name: "id", Type: "number", Validations: manifest.Validations{IsIn: []json.RawMessage{json.RawMessage("{")}}}}},
	} {
		if _, err := Files(Config{Manifest: &manifest.Manifest{Version: 1, Models: []manifest.Model{md}}, Module: "x", Version: "v0.0.0"}); err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("%s: %v", part, err)
		}
	}
}

// A second run brings what is new and keeps what was edited.
func TestWrite(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write := func(force bool, files map[string][]byte) *Outcome {
		t.Helper()
		out, err := Write(dir, files, force)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	same := func(got, want []string) {
		t.Helper()
		if !slices.Equal(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	edit := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	edit("mine.go", "not made here")
	first := map[string][]byte{"a/a.go": []byte("1"), "b.go": []byte("1"), "c.go": []byte("1"), "mine.go": []byte("1"), "go.mod": []byte("1")}
	out := write(false, first)
	same(out.Created, []string{"a/a.go", "b.go", "c.go", "go.mod"})
	same(out.Kept, []string{"mine.go"})
	same(write(false, first).Unchanged, []string{"a/a.go", "b.go", "c.go", "go.mod"})

	edit("b.go", "edited")
	edit("go.mod", "tidied")
	second := map[string][]byte{"a/a.go": []byte("2"), "b.go": []byte("2"), "d.go": []byte("2"), "go.mod": []byte("1")}
	out = write(false, second)
	same(out.Updated, []string{"a/a.go"})
	same(out.Kept, []string{"b.go"})
	same(out.Created, []string{"d.go"})
	same(out.Obsolete, []string{"c.go"})
	same(write(false, second).Kept, []string{"b.go"}) // it is remembered
	same(write(true, second).Updated, []string{"b.go", "go.mod"})

	edit(SumsName, `{"../x":"1"}`)
	if _, err := Write(dir, second, false); err == nil || !strings.Contains(err.Error(), "outside") {
		t.Error(err)
	}
	edit(SumsName, `nonsense`)
	if _, err := Write(dir, second, false); err == nil || !strings.Contains(err.Error(), SumsName) {
		t.Error(err)
	}
}
