package sqlstore

import (
	"errors"
	"fmt"
	"strings"

	"github.com/go-sails/sails/sailsio/model"
)

// fault is what a database complained about.
type fault int

const (
	other     fault = iota
	unique          // a value that occurs once is taken
	reference       // a foreign key refers to nothing, or is referred to
	data            // a value does not fit its column, or a query is too large
	conflict        // another write was preferred; trying again may help
)

// failed turns an error of the driver into the error of a method: a
// model.UniqueError, a model.UsageError with the given code for values the
// database does not take, else the error with what was being done. The texts of
// the first two come from this package: those of databases may quote records.
func (s *Store) failed(err error, m *model.Model, code, doing string) error {
	kind, named := s.d.classify(err)
	switch kind {
	case unique:
		return &model.UniqueError{Model: m.Identity, Attributes: s.collided(m, named)}
	case reference:
		return &model.UsageError{Code: code, Model: m.Identity, Details: "The database refuses it: a reference to another record would lead nowhere."}
	case data:
		return &model.UsageError{Code: code, Model: m.Identity, Details: "The database cannot store or compare one of the values, which is out of range, too long or of the wrong type, or there are too many of them."}
	}
	return s.conflicting(fmt.Errorf("sqlstore: %s: %s: %w", m.Identity, doing, err))
}

// conflicting makes an error that the database means as an invitation to try again a
// model.ErrConflict.
func (s *Store) conflicting(err error) error {
	if kind, _ := s.d.classify(err); kind == conflict && !errors.Is(err, model.ErrConflict) {
		return fmt.Errorf("%w: %w", model.ErrConflict, err)
	}
	return err
}

// collided finds the attributes behind the name of a unique index or a list of
// "table.column". The primary key is not named (BP-12).
func (s *Store) collided(m *model.Model, named string) []string {
	names := []string{}
	for _, a := range m.Attributes {
		if !a.Unique || a == m.PrimaryKey || a.Collection != "" {
			continue
		}
		if named == indexName(m, a) || listsColumn(named, m.Table, a.Column) || named == m.Table+"_"+a.Column+"_key" || named == a.Column {
			names = append(names, a.Name)
		}
	}
	return names
}

func listsColumn(list, table, column string) bool {
	for entry := range strings.SplitSeq(list, ", ") {
		if entry == table+"."+column {
			return true
		}
	}
	return false
}
