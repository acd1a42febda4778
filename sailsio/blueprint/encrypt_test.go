package blueprint_test

import (
	"context"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/go-sails/sails/sailsio/blueprint"
	"github.com/go-sails/sails/sailsio/model"
	"github.com/go-sails/sails/sailsio/sqlstore"
	"github.com/go-sails/sails/sailsio/sqlstore/sqltest"
)

// told writes down everything a Notifier is told.
type told struct{ list []string }

func (n *told) add(what ...any) error {
	n.list = append(n.list, fmt.Sprint(what...))
	return nil
}

func (n *told) Subscribe(*http.Request, *model.Model, []any) error   { return nil }
func (n *told) Unsubscribe(*http.Request, *model.Model, []any) error { return nil }
func (n *told) Watch(*http.Request, *model.Model) error              { return nil }
func (n *told) PublishCreate(_ context.Context, _ *model.Model, r model.Record, _ *http.Request) error {
	return n.add("created ", r)
}
func (n *told) PublishUpdate(_ context.Context, _ *model.Model, _ any, changes, previous model.Record, _ *http.Request) error {
	return n.add("updated ", changes, previous)
}
func (n *told) PublishDestroy(_ context.Context, _ *model.Model, _ any, previous model.Record, _ *http.Request) error {
	return n.add("destroyed ", previous)
}
func (n *told) PublishAdd(context.Context, *model.Model, any, string, any, *http.Request, bool) error {
	return nil
}
func (n *told) PublishRemove(context.Context, *model.Model, any, string, any, *http.Request, bool) error {
	return nil
}

// Neither answers nor notifications hold an encrypted attribute in clear.
func TestEncrypted(t *testing.T) {
	t.Parallel()
	schema, err := model.New(model.Definition{Identity: "secret", Attributes: model.WithDefaults(model.Attribute{Name: "code", Type: model.String, Encrypt: true})})
	if err != nil {
		t.Fatal(err)
	}
	store, err := sqlstore.New(sqlstore.Config{DB: sqltest.Open(t, sqlstore.SQLite), Dialect: sqlstore.SQLite, Schema: schema,
		DataEncryptionKeys: map[string]string{"default": base64.StdEncoding.EncodeToString([]byte("0123456789abcdef0123456789abcdef"))}})
	if err != nil {
		t.Fatal(err)
	}
	if err := store.Migrate(t.Context(), sqlstore.Alter, nil); err != nil {
		t.Fatal(err)
	}
	var n told
	api, err := blueprint.New(blueprint.Config{Store: store, Notifier: &n, ExposeAll: true})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		action blueprint.Action
		body   string
	}{{blueprint.Create, `{"code":"plain1"}`}, {blueprint.Update, `{"code":"plain2"}`}, {blueprint.Find, `{}`}, {blueprint.Destroy, `{}`}} {
		h, ok := api.Action("secret", c.action, "")
		if !ok {
			t.Fatal(c.action)
		}
		r := httptest.NewRequest(http.MethodPost, "/secret", strings.NewReader(c.body)).WithContext(t.Context())
		r.Header.Set("Content-Type", "application/json")
		if c.action != blueprint.Create && c.action != blueprint.Find {
			r.SetPathValue("id", "1")
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if got := w.Body.String(); w.Code != http.StatusOK || !strings.Contains(got, "YWVzLTI1Ni1nY20k") || strings.Contains(got, "plain") {
			t.Errorf("%s: %d %s", c.action, w.Code, got)
		}
	}
	if len(n.list) != 3 {
		t.Errorf("told %q", n.list)
	}
	for _, what := range n.list {
		if strings.Contains(what, "plain") || !strings.Contains(what, "YWVzLTI1Ni1nY20k") {
			t.Error(what)
		}
	}
}
