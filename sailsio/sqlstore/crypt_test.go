package sqlstore_test

import (
	"context"
	"database/sql"
	"encoding/base64"
	"reflect"
	"strings"
	"testing"

	"github.com/go-sails/sails/sailsio/model"
	"github.com/go-sails/sails/sailsio/sqlstore"
	"github.com/go-sails/sails/sailsio/sqlstore/sqltest"
)

func secretSchema(t *testing.T) *model.Schema {
	t.Helper()
	schema, err := model.New(model.Definition{Identity: "secret", Attributes: model.WithDefaults(
		model.Attribute{Name: "code", Type: model.String, Encrypt: true, Validations: model.Validations{MaxLength: new(10)}},
		model.Attribute{Name: "amount", Type: model.Number, Encrypt: true},
		model.Attribute{Name: "known", Type: model.Boolean, Encrypt: true},
		model.Attribute{Name: "more", Type: model.JSON, Encrypt: true},
		model.Attribute{Name: "note", Type: model.String, Encrypt: true, AllowNull: true},
	)})
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

func key64(text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) }

func secretStore(t *testing.T, db *sql.DB, dialect sqlstore.Dialect) (*sqlstore.Store, error) {
	return sqlstore.New(sqlstore.Config{DB: db, Dialect: dialect, Schema: secretSchema(t), DataEncryptionKeys: map[string]string{
		"default": key64("0123456789abcdef0123456789abcdef"), "old1": key64("fedcba9876543210fedcba9876543210")}})
}

// Attributes with Encrypt are in no column and no record in clear.
func TestEncrypt(t *testing.T) {
	t.Parallel()
	sqltest.Each(t, func(t *testing.T, db *sql.DB, dialect sqlstore.Dialect) {
		s, err := secretStore(t, db, dialect)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Migrate(t.Context(), sqlstore.Alter, nil); err != nil {
			t.Fatal(err)
		}
		values := model.Record{"code": "tüü😀", "amount": 42.5, "known": true, "more": map[string]any{"a": []any{1.0, "<&>"}}}
		created := create(t, s, "secret", values)
		found := find(t, s, "secret", model.Criteria{})[0]
		clear := sqlstore.Decrypt(t.Context())
		open, err := s.FindOne(clear, query(t, s, "secret", model.Criteria{Where: created["id"]}))
		if err != nil {
			t.Fatal(err)
		}
		for name, v := range values {
			if sealed, ok := found[name].(string); !ok || !strings.HasPrefix(sealed, "YWVzLTI1Ni1nY20k") || created[name] != found[name] {
				t.Errorf("%s is stored as %v, created as %v", name, found[name], created[name])
			}
			if !model.Equal(open[name], v) {
				t.Errorf("%s: %v, decrypted %v", name, v, open[name])
			}
		}
		if open["note"] != nil {
			t.Errorf("note: %v", open["note"])
		}
		// Base values are not encrypted, as in Waterline.
		base := create(t, s, "secret", model.Record{"note": ""})
		got, err := s.FindOne(t.Context(), query(t, s, "secret", model.Criteria{Where: base["id"]}))
		if err != nil || got["code"] != "" || got["amount"] != 0.0 || got["known"] != false || got["more"] != nil || got["note"] != "" {
			t.Errorf("%v %v", got, err)
		}
		// Another key, and an update.
		q := query(t, s, "secret", model.Criteria{Where: base["id"]})
		updated, err := s.UpdateOne(sqlstore.EncryptWith(t.Context(), "old1"), q, model.Record{"code": "new"})
		if err != nil || !strings.HasPrefix(updated["code"].(string), "YWVzLTI1Ni1nY20kJG9sZDE=$") {
			t.Errorf("%v %v", updated, err)
		}
		if open, err = s.FindOne(clear, q); err != nil || open["code"] != "new" {
			t.Errorf("%v %v", open, err)
		}
		if _, err := s.UpdateOne(sqlstore.EncryptWith(t.Context(), "none"), q, model.Record{"code": "x"}); err == nil {
			t.Error("an unknown key was taken")
		}
		// Validations see the value in clear; criteria cannot.
		if _, err := s.Create(t.Context(), get(t, s, "secret"), model.Record{"code": "more than ten"}); err == nil {
			t.Error("MaxLength was not checked")
		}
		if n := len(find(t, s, "secret", model.Criteria{Where: model.Record{"note": nil}})); n != 1 {
			t.Errorf("%d records without a note", n)
		}
		for _, where := range []any{"x", 5, []any{"x"}, map[string]any{"startsWith": "YWV"}, map[string]any{"!=": "x"}, map[string]any{"in": []any{""}}, map[string]any{"!=": "", "<": "x"}} {
			if _, err := get(t, s, "secret").Query(model.Criteria{Where: model.Record{"code": where}}, nil, model.Limits{}); err == nil {
				t.Errorf("%v: records can be found by an encrypted value", where)
			}
		}
		if _, err := s.Sum(t.Context(), query(t, s, "secret", model.Criteria{}), "amount"); err == nil {
			t.Error("encrypted numbers were added up")
		}
	})
}

// What encrypted-attr 1.0.6 wrote can be read.
func TestEncrypt_ofWaterline(t *testing.T) {
	t.Parallel()
	db := open(t, sqlstore.SQLite)
	s, err := secretStore(t, db, sqlstore.SQLite)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Migrate(t.Context(), sqlstore.Alter, nil); err != nil {
		t.Fatal(err)
	}
	_, err = db.ExecContext(t.Context(), "INSERT INTO secret (code, amount, known, more) VALUES (?, ?, ?, ?)",
		"YWVzLTI1Ni1nY20kJGRlZmF1bHQ=$2dOC3KfennQe5Qrd$WKLmmOYcFcY=$6rab5W+iUPUiFw+pzds0Yw",
		"YWVzLTI1Ni1nY20kJGRlZmF1bHQ=$8JNKWTSWHdAEC0qE$Pq0zsg==$bJCOdr2F0NY7iZ0UL/zIQQ",
		"YWVzLTI1Ni1nY20kJGRlZmF1bHQ=$8hyW5pcAwxrccP23$DD8ZbQ==$KiynDHAVoI6SHAMVzWGoww",
		"YWVzLTI1Ni1nY20kJG9sZDE=$jDLl1sty9Dt/WXQ+$NgmKRCOkHJWyn12az89tQRgU$8xkKLVmXTDilTS33BKBShg")
	if err != nil {
		t.Fatal(err)
	}
	q := query(t, s, "secret", model.Criteria{Select: []string{"code", "amount", "known", "more"}})
	r, err := s.FindOne(sqlstore.Decrypt(t.Context()), q)
	want := model.Record{"id": 1.0, "code": "secret", "amount": 42.5, "known": true, "more": map[string]any{"a": []any{1.0, "ü😀"}}}
	if err != nil || !reflect.DeepEqual(r, want) {
		t.Errorf("%v %v", r, err)
	}
	// Damaged or forged values are errors that do not quote them.
	for _, bad := range []string{"YWVzLTI1Ni1nY20k", "YWVzLTI1Ni1nY20kJGRlZmF1bHQ=$2dOC3KfennQe5Qrd$WKLmmOYcFcY=$6rab5W+iUPUiFw+pzds0YA",
		"YWVzLTI1Ni1nY20kJG5vbmU=$2dOC3KfennQe5Qrd$WKLmmOYcFcY=$6rab5W+iUPUiFw+pzds0Yw", "YWVzLTI1Ni1nY20kJGRlZmF1bHQ=$$$", "YWVzLTI1Ni1nY20k!$x$x$x"} {
		if _, err := db.ExecContext(t.Context(), "UPDATE secret SET code = ?", bad); err != nil {
			t.Fatal(err)
		}
		if _, err := s.FindOne(sqlstore.Decrypt(t.Context()), q); err == nil || strings.Contains(err.Error(), "WKLmm") {
			t.Errorf("%s: %v", bad, err)
		}
		if r, err := s.FindOne(context.Background(), q); err != nil || r["code"] != bad {
			t.Errorf("%v %v", r, err)
		}
	}
}

func TestEncrypt_keys(t *testing.T) {
	t.Parallel()
	db := open(t, sqlstore.SQLite)
	for _, keys := range []map[string]string{nil, {"other": key64("0123456789abcdef0123456789abcdef")}, {"default": key64("short")}, {"default": "!"},
		{"default": key64("0123456789abcdef0123456789abcdef"), "b$d": key64("0123456789abcdef0123456789abcdef")}} {
		if _, err := sqlstore.New(sqlstore.Config{DB: db, Dialect: sqlstore.SQLite, Schema: secretSchema(t), DataEncryptionKeys: keys}); err == nil {
			t.Errorf("%v: no error", keys)
		} else if strings.Contains(err.Error(), "MDEyM") {
			t.Errorf("the key is in %v", err)
		}
	}
	for _, a := range []model.Attribute{{Name: "x", Type: model.Ref, Encrypt: true}, {Name: "x", Model: "secret", Encrypt: true}, {Name: "x", Type: model.String, Unique: true, Encrypt: true},
		{Name: "x", Type: model.String, Default: "y", Encrypt: true}, {Name: "x", Type: model.Number, AutoCreatedAt: true, Encrypt: true}, {Name: "id", Type: model.String, Encrypt: true}} {
		if _, err := model.New(model.Definition{Identity: "secret", Attributes: model.WithDefaults(a)}); err == nil {
			t.Errorf("%+v: no error", a)
		}
	}
}
