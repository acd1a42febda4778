package manifest_test

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/go-sails/sails/sailsio"
	"github.com/go-sails/sails/sailsio/manifest"
	"github.com/go-sails/sails/sailsio/model"
	"github.com/go-sails/sails/sailsio/sailstest"
	"github.com/go-sails/sails/sailsio/sqlstore"
)

// Models written in Go take the place of the manifest's, and lack what those lack.
func TestDefinitions(t *testing.T) {
	t.Parallel()
	m := exported(t)
	definitions, err := m.Definitions()
	if err != nil {
		t.Fatal(err)
	}
	m.Models = nil
	unported := map[string][]string{"widget": {"beforeCreate"}, "vet": {"customToJSON"}}
	app := lift(t, m, func(o *manifest.Options) { o.Definitions, o.Unported = definitions, unported })
	wantStatus(t, app, `POST /widget {"str":"x"}`, 501)
	wantStatus(t, app, `POST /user {"name":"Ann","email":"ann@example.com"}`, 200)
	wantStatus(t, app, "GET /vet", 501)
	vets, _ := app.Schema().Model("vet")
	if _, err := app.Store().Create(t.Context(), vets, model.Record{"name": "Own"}); err != nil {
		t.Fatal(err)
	}
	wantStatus(t, app, `POST /pet {"name":"Rex","vet":1}`, 200)
	if body := wantStatus(t, app, "GET /pet?populate=vet", 200); strings.Contains(body, "Own") || !strings.Contains(body, `"id": 1`) {
		t.Errorf("what customToJSON may have hidden is shown: %s", body)
	}
	_, err = manifest.Build(m, manifest.Options{Definitions: definitions, Unported: map[string][]string{"vet": {"magic"}}})
	if err == nil || !strings.Contains(err.Error(), `unknown entry "magic"`) {
		t.Error(err)
	}
	if got := exported(t).PoliciesOf("Policy/Login"); !slices.Equal(got, []string{"needLogin"}) {
		t.Errorf("policies %q", got)
	}
	if m := exported(t); !m.HasBlueprintAction("user/findone") || m.HasBlueprintAction("user/promote") || m.HasBlueprintAction("ghost/find") {
		t.Error("blueprint actions")
	}
}

// A manifest exported from Sails 0.12 has its records, errors and messages (7.7, PO-3).
func TestSails012(t *testing.T) {
	t.Parallel()
	m, err := manifest.ReadFile("testdata/conformance-0.12.json")
	if err != nil {
		t.Fatal(err)
	}
	app := lift(t, m, nil)
	if body := wantStatus(t, app, `POST /user {"name":"Ann"}`, 201); strings.Contains(body, "age") || strings.Contains(body, "email") {
		t.Errorf("attributes without a value are there: %s", body)
	}
	if body := wantStatus(t, app, `POST /user {"email":"no mail"}`, 400); !strings.Contains(body, "E_VALIDATION") || !strings.Contains(body, "invalidAttributes") {
		t.Errorf("no error of 0.12: %s", body)
	}
	wantStatus(t, app, "POST /rps/watch", 501)

	server := sailstest.NewServer(app)
	defer server.Close()
	client, err := server.Connect(t.Context(), sailstest.Options{SDK: "0.13.8"})
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	if answer, err := client.Get(t.Context(), "/note", nil); err != nil || answer.StatusCode != 200 {
		t.Fatal(answer, err)
	}
	wantStatus(t, app, `POST /note {"text":"hello"}`, 201)
	if event, err := client.ExpectEvent(t.Context(), "note"); err != nil || !strings.Contains(event.String(), `"verb":"created"`) {
		t.Errorf("%v %v", event, err)
	}
}

// Attributes that are encrypted need their keys, which are never part of a manifest.
func TestDataEncryptionKeys(t *testing.T) {
	m := &manifest.Manifest{Version: 1, DataEncryptionKeysEnv: "SAILS_TEST_KEYS", Blueprints: manifest.Blueprints{REST: true}, Models: []manifest.Model{{Identity: "user", Attributes: []manifest.Attribute{
		{Name: "id", Type: "number", AutoIncrement: true}, {Name: "ssn", Type: "string", Encrypt: true},
	}}}}
	t.Setenv("SAILS_TEST_KEYS", "")
	if _, err := m.DataEncryptionKeys(); err == nil || !strings.Contains(err.Error(), "SAILS_TEST_KEYS") {
		t.Error(err)
	}
	t.Setenv("SAILS_TEST_KEYS", "default=kAxGhxl9JpfnsbwCDJzfX6tFvXJ4mVTCcRzXv8SqfM8=, old=kAxGhxl9JpfnsbwCDJzfX6tFvXJ4mVTCcRzXv8SqfM9=")
	keys, err := m.DataEncryptionKeys()
	if err != nil || len(keys) != 2 {
		t.Fatal(keys, err)
	}
	app := lift(t, m, func(o *manifest.Options) { o.DataEncryptionKeys = keys })
	if body := wantStatus(t, app, `POST /user {"ssn":"078-05-1120"}`, 200); strings.Contains(body, "078-05-1120") {
		t.Errorf("it is shown as it was given: %s", body)
	}
}

// What the manifest cannot say of the realtime side can be said in Go; the rest stays.
func TestConfigure(t *testing.T) {
	t.Parallel()
	app := lift(t, exported(t), func(o *manifest.Options) {
		o.Configure = func(c *sailsio.Config) { c.BeforeConnect, c.Handler, c.Models = refuse, nil, nil }
	})
	wantStatus(t, app, "GET /user", 200)
	server := sailstest.NewServer(app)
	defer server.Close()
	if c, err := server.Connect(t.Context(), sailstest.Options{}); err == nil {
		c.Close()
		t.Error("BeforeConnect was not asked")
	}
}

func refuse(*http.Request) error { return errors.New("nobody") }

func TestMigration(t *testing.T) {
	t.Parallel()
	for want, m := range map[sqlstore.Migration]*manifest.Manifest{
		sqlstore.Alter: {}, sqlstore.Safe: {Datastore: manifest.Datastore{Adapter: "postgres"}}, sqlstore.Drop: {Migrate: sqlstore.Drop},
	} {
		if got := m.Migration(); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}
