package sqlstore_test

import (
	"fmt"
	"testing"

	"github.com/go-sails/sails/sailsio/model"
	"github.com/go-sails/sails/sailsio/model/modeltest"
	"github.com/go-sails/sails/sailsio/sqlstore"
)

func benchStore(b *testing.B) *sqlstore.Store {
	b.Helper()
	db, err := openMemory()
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { db.Close() })
	s, err := sqlstore.New(sqlstore.Config{DB: db, Dialect: sqlstore.SQLite, Schema: modeltest.Schema()})
	if err != nil {
		b.Fatal(err)
	}
	if err := s.Migrate(b.Context(), sqlstore.Alter, nil); err != nil {
		b.Fatal(err)
	}
	return s
}

func BenchmarkCreate(b *testing.B) {
	s := benchStore(b)
	pet, _ := s.Schema().Model("pet")
	b.ReportAllocs()
	for b.Loop() {
		if _, err := s.Create(b.Context(), pet, model.Record{"name": "rex", "weight": 3}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkFind(b *testing.B) {
	s := benchStore(b)
	user, _ := s.Schema().Model("user")
	for i := range 100 {
		if _, err := s.Create(b.Context(), user, model.Record{"name": "u", "email": fmt.Sprintf("u%d@b.co", i)}); err != nil {
			b.Fatal(err)
		}
	}
	for _, c := range []struct {
		name      string
		criteria  model.Criteria
		populates []model.Populate
	}{
		{"one", model.Criteria{Where: 50}, nil},
		{"one,populated", model.Criteria{Where: 50}, []model.Populate{{Alias: "manager"}, {Alias: "reports", Criteria: model.Criteria{Limit: 30}}, {Alias: "pets", Criteria: model.Criteria{Limit: 30}}, {Alias: "bookmarks", Criteria: model.Criteria{Limit: 30}}, {Alias: "messages", Criteria: model.Criteria{Limit: 30}}}},
		{"page", model.Criteria{Limit: 30}, nil},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				q, err := user.Query(c.criteria, c.populates, model.ClientLimits())
				if err != nil {
					b.Fatal(err)
				}
				if _, err := s.Find(b.Context(), q); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
