package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"hash/fnv"
	"slices"
	"strings"

	"github.com/go-sails/sails/sailsio/model"
)

// Migration says how Migrate treats the tables there are.
type Migration string

const (
	// Safe changes nothing: the database is somebody else's business.
	Safe Migration = "safe"
	// Alter makes the tables fit the models and keeps their records. Missing tables,
	// columns and indexes are made; a column of another type is converted.
	// Columns that no attribute names stay.
	Alter Migration = "alter"
	// Drop deletes the tables of the models with their records and makes new ones.
	Drop Migration = "drop"
)

// Migrate makes the tables of the models. progress, when not nil, is told how
// far the conversion of a table has come, after each batch of records; long
// tables take long. The call is bounded by ctx only, and so is waiting for another
// node that migrates. SQLite and PostgreSQL undo everything when it fails; in MySQL the
// table being converted stays as it was. Values that cannot be converted without loss
// make it fail.
func (s *Store) Migrate(ctx context.Context, mode Migration, progress func(table string, done, total int64)) error {
	switch mode {
	case Safe:
		return nil
	case Alter, Drop:
	default:
		return fmt.Errorf("sqlstore: unknown migration %q; use safe, alter or drop", mode)
	}
	if progress == nil {
		progress = func(string, int64, int64) {}
	}
	run := func(ctx context.Context) error {
		m := &migrator{s: s, progress: progress}
		if err := m.prepare(ctx); err != nil {
			return err
		}
		for _, t := range s.tables() {
			if err := m.table(ctx, t, mode); err != nil {
				return fmt.Errorf("sqlstore: migrating table %s: %w", t.name, err)
			}
		}
		return nil
	}
	if s.inTransaction(ctx) != nil {
		return run(ctx)
	}
	if !s.d.transactionalDDL {
		unlock, err := s.lockMigration(ctx)
		if err != nil {
			return err
		}
		defer unlock()
		return run(ctx)
	}
	tx, err := s.db.BeginTx(ctx, nil)
	for err != nil && errors.Is(s.conflicting(err), model.ErrConflict) && ctx.Err() == nil {
		tx, err = s.db.BeginTx(ctx, nil) // SQLite has waited for the writer, but not for long
	}
	if err != nil {
		return fmt.Errorf("sqlstore: beginning a migration: %w", err)
	}
	defer tx.Rollback() // does nothing after Commit
	if err := run(s.Within(ctx, tx)); err != nil {
		return err
	}
	return tx.Commit()
}

// table is one the schema asks for.
type table struct {
	name    string
	columns []column
	pair    []string // columns that are unique together
}

type column struct {
	attribute *model.Attribute
	role      role
}

// tables lists the tables of the schema, junctions last.
func (s *Store) tables() []table {
	var list []table
	for _, m := range s.schema.Models() {
		t := table{name: m.Table}
		for _, a := range m.Attributes {
			if a.Collection != "" {
				continue
			}
			r := plain
			switch {
			case a == m.PrimaryKey && a.AutoIncrement:
				r = generated
			case a == m.PrimaryKey || a.Model != "":
				r = key
			case a.Unique:
				r = indexed
			}
			t.columns = append(t.columns, column{a, r})
		}
		list = append(list, t)
	}
	for _, j := range s.schema.Junctions() {
		if j.Model != nil {
			continue
		}
		list = append(list, table{name: j.Table, pair: j.Columns[:], columns: []column{
			{&model.Attribute{Name: "id", Column: "id", Type: model.Number, AutoIncrement: true}, generated},
			{&model.Attribute{Name: j.Columns[0], Column: j.Columns[0], Type: j.Keys[0].Type}, key},
			{&model.Attribute{Name: j.Columns[1], Column: j.Columns[1], Type: j.Keys[1].Type}, key},
		}})
	}
	return list
}

// primary reports whether a column is the primary key of its table.
func (t *table) primary(s *Store, c column) bool {
	if c.role == generated {
		return true
	}
	for _, m := range s.schema.Models() {
		if m.PrimaryKey == c.attribute {
			return true
		}
	}
	return false
}

type migrator struct {
	s         *Store
	progress  func(table string, done, total int64)
	existing  map[string]bool
	collation string
}

func (m *migrator) prepare(ctx context.Context) error {
	switch m.s.d.name {
	case PostgreSQL:
		// One node at a time; the number only has to be the same for all.
		if err := m.run(ctx, "SELECT pg_advisory_xact_lock(7235106)"); err != nil {
			return err
		}
	case MySQL:
		versions, err := m.strings(ctx, "SELECT VERSION()")
		if err != nil {
			return err
		}
		m.collation = "utf8mb4_0900_bin"
		if len(versions) == 1 && strings.Contains(versions[0], "MariaDB") {
			m.collation = "utf8mb4_nopad_bin"
		}
	}
	names, err := m.strings(ctx, m.s.d.tables)
	if err != nil {
		return err
	}
	m.existing = make(map[string]bool, len(names))
	for _, name := range names {
		m.existing[name] = true
	}
	return nil
}

func (m *migrator) run(ctx context.Context, parts ...string) error {
	_, err := m.s.conn(ctx).ExecContext(ctx, strings.Join(parts, ""))
	return err
}

// strings returns the first column of a statement's rows.
func (m *migrator) strings(ctx context.Context, query string, args ...any) ([]string, error) {
	rows, err := m.s.conn(ctx).QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []string
	for rows.Next() {
		var v string
		if err := rows.Scan(&v); err != nil {
			return nil, err
		}
		list = append(list, v)
	}
	return list, rows.Err()
}

func (m *migrator) table(ctx context.Context, t table, mode Migration) error {
	q := m.s.d.quote
	if m.existing[t.name] && mode == Drop {
		if err := m.run(ctx, "DROP TABLE ", q(t.name)); err != nil {
			return err
		}
		m.existing[t.name] = false
	}
	if !m.existing[t.name] {
		if err := m.create(ctx, t, t.name); err != nil {
			return err
		}
		return m.index(ctx, t, t.name)
	}
	return m.alter(ctx, t)
}

// create makes a table; its unique indexes come later.
func (m *migrator) create(ctx context.Context, t table, name string) error {
	q := m.s.d.quote
	parts := []string{"CREATE TABLE ", q(name), " ("}
	for i, c := range t.columns {
		if i > 0 {
			parts = append(parts, ", ")
		}
		parts = append(parts, q(c.attribute.Column), " ", m.columnType(t, c))
	}
	return m.run(ctx, append(parts, ")")...)
}

func (m *migrator) columnType(t table, c column) string {
	if c.attribute.ColumnType != "" {
		if t.primary(m.s, c) {
			return c.attribute.ColumnType + " PRIMARY KEY"
		}
		return c.attribute.ColumnType
	}
	plain := *c.attribute
	plain.Type = storedType(c.attribute)
	text := m.s.d.columnType(m.collation, &plain, c.role)
	if c.role == key && t.primary(m.s, c) {
		text += " NOT NULL PRIMARY KEY"
	}
	return text
}

// index makes the unique indexes a table lacks.
func (m *migrator) index(ctx context.Context, t table, name string) error {
	q := m.s.d.quote
	have, err := m.strings(ctx, m.s.d.uniqueOf, name)
	if err != nil {
		return err
	}
	present := map[string]bool{}
	for _, column := range have {
		present[column] = true
	}
	for _, c := range t.columns {
		a := c.attribute
		if !a.Unique || t.primary(m.s, c) || present[a.Column] {
			continue
		}
		if err := m.run(ctx, "CREATE UNIQUE INDEX ", q(uniqueName(t.name, a.Column)), " ON ", q(name), " (", q(a.Column), ")"); err != nil {
			return fmt.Errorf("making %s unique: %w", a.Column, err)
		}
	}
	if t.pair != nil && !m.existing[t.name] {
		if err := m.run(ctx, "CREATE UNIQUE INDEX ", q(uniqueName(t.name, "pair")), " ON ", q(name), " (", q(t.pair[0]), ", ", q(t.pair[1]), ")"); err != nil {
			return err
		}
	}
	return m.indexKeys(ctx, t, name)
}

// indexKeys makes the indexes that collections are found by: of every column that holds
// the keys of another table.
func (m *migrator) indexKeys(ctx context.Context, t table, name string) error {
	q := m.s.d.quote
	have, err := m.strings(ctx, m.s.d.indexedOf, name)
	if err != nil {
		return err
	}
	for _, c := range t.columns {
		column := c.attribute.Column
		if c.role != key || t.primary(m.s, c) || slices.Contains(have, column) {
			continue
		}
		if err := m.run(ctx, "CREATE INDEX ", q(shortName(t.name+"_"+column+"_index")), " ON ", q(name), " (", q(column), ")"); err != nil {
			if m.s.d.name == MySQL && strings.Contains(err.Error(), "Error 1170 ") {
				continue // a text column somebody else made, which takes no plain index
			}
			return fmt.Errorf("making an index of %s: %w", column, err)
		}
	}
	return nil
}

func indexName(m *model.Model, a *model.Attribute) string { return uniqueName(m.Table, a.Column) }

// uniqueName names an index, within what every database takes.
func uniqueName(table, column string) string { return shortName(table + "_" + column + "_unique") }

func shortName(name string) string {
	if len(name) <= 63 {
		return name
	}
	h := fnv.New32a()
	h.Write([]byte(name))
	return fmt.Sprintf("%s_%08x", strings.ToValidUTF8(name[:54], ""), h.Sum32())
}

// alter makes an existing table fit.
func (m *migrator) alter(ctx context.Context, t table) error {
	types, err := m.types(ctx, t.name)
	if err != nil {
		return err
	}
	var missing []column
	for _, c := range t.columns {
		have, ok := types[c.attribute.Column]
		switch {
		case !ok && t.primary(m.s, c):
			return fmt.Errorf("its primary key %s is missing and cannot be made up", c.attribute.Column)
		case !ok:
			missing = append(missing, c)
		case c.attribute.ColumnType == "" && !holds(family(have), storedType(c.attribute)):
			return m.rebuild(ctx, t, types)
		}
	}
	q := m.s.d.quote
	for _, c := range missing {
		if err := m.run(ctx, "ALTER TABLE ", q(t.name), " ADD COLUMN ", q(c.attribute.Column), " ", m.columnType(t, c)); err != nil {
			return err
		}
		if err := m.fill(ctx, t, c.attribute); err != nil {
			return err
		}
	}
	return m.index(ctx, t, t.name)
}

// initial is what records that were there before get in a new column.
func (m *migrator) initial(a *model.Attribute) any {
	switch {
	case a.Unique || a.Model != "":
		return nil // the base value could not be unique
	case a.Default != nil:
		return a.Default
	case a.AutoCreatedAt || a.AutoUpdatedAt:
		now := m.s.now().UTC()
		if a.Type == model.Number {
			return float64(now.UnixMilli())
		}
		return now.Format("2006-01-02T15:04:05.000Z")
	}
	return a.Base()
}

func (m *migrator) fill(ctx context.Context, t table, a *model.Attribute) error {
	arg, err := encode(a, m.initial(a))
	if err != nil || arg == nil {
		return err
	}
	st := &statement{d: m.s.d}
	st.add("UPDATE ")
	st.name(t.name)
	st.add(" SET ")
	st.name(a.Column)
	st.add(" = ")
	st.value(arg)
	_, err = m.s.exec(ctx, st)
	return err
}

func (m *migrator) types(ctx context.Context, name string) (map[string]string, error) {
	rows, err := m.s.conn(ctx).QueryContext(ctx, m.s.d.columnsOf, name)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	types := map[string]string{}
	for rows.Next() {
		var column string
		var kind sql.NullString
		if err := rows.Scan(&column, &kind); err != nil {
			return nil, err
		}
		types[column] = strings.ToLower(kind.String)
	}
	return types, rows.Err()
}
