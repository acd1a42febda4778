package sqlstore

import (
	"context"
	"fmt"

	"github.com/go-sails/sails/sailsio/model"
)

// rebuildBatch is how many records are converted between two reports.
const rebuildBatch = 500

// rebuild replaces a table by one with the right column types and converts its
// records. Columns that no attribute names are lost in it, as their types are
// not known well enough to make them again.
func (m *migrator) rebuild(ctx context.Context, t table, types map[string]string) error {
	q := m.s.d.quote
	name := uniqueName(t.name, "rebuild")
	if m.existing[name] { // left by a migration that was interrupted
		if err := m.run(ctx, "DROP TABLE ", q(name)); err != nil {
			return err
		}
	}
	if err := m.create(ctx, t, name); err != nil {
		return err
	}
	if err := m.copyRecords(ctx, t, name, types); err != nil {
		m.run(ctx, "DROP TABLE ", q(name)) // the error to report is that of the copy
		return err
	}
	if err := m.run(ctx, "DROP TABLE ", q(t.name)); err != nil {
		return err
	}
	if err := m.run(ctx, "ALTER TABLE ", q(name), " RENAME TO ", q(t.name)); err != nil {
		return err
	}
	m.existing[t.name] = false // its indexes are gone
	if err := m.index(ctx, t, t.name); err != nil {
		return err
	}
	m.existing[t.name] = true
	return m.restart(ctx, t)
}

func (m *migrator) copyRecords(ctx context.Context, t table, name string, types map[string]string) error {
	total, err := m.count(ctx, t.name)
	if err != nil {
		return err
	}
	var keyColumn *model.Attribute
	var old []*model.Attribute // as the old columns are
	for _, c := range t.columns {
		if t.primary(m.s, c) {
			keyColumn = c.attribute
		}
		if have, ok := types[c.attribute.Column]; ok {
			a := &model.Attribute{Name: c.attribute.Name, Column: c.attribute.Column, Type: model.Ref}
			switch family(have) {
			case "number":
				a.Type = model.Number
			case "boolean":
				a.Type = model.Boolean
			case "text":
				a.Type = model.String
			}
			old = append(old, a)
		}
	}
	for done := int64(0); done < total; {
		st := &statement{d: m.s.d}
		st.add("SELECT ")
		st.columns(base, old)
		st.add(" FROM ")
		st.name(t.name)
		st.add(" ", base, " ORDER BY ", base, ".")
		st.name(keyColumn.Column)
		st.add(" LIMIT ")
		st.number(rebuildBatch)
		st.add(" OFFSET ")
		st.number(int(done))
		records, _, err := m.s.read(ctx, st, &model.Model{Identity: t.name}, old, nil)
		if err != nil {
			return err
		}
		if len(records) == 0 {
			break
		}
		for _, r := range records {
			if err := m.copyRecord(ctx, t, name, r, types); err != nil {
				return fmt.Errorf("record %s: %w", model.FormatID(r[keyColumn.Name]), err)
			}
		}
		done += int64(len(records))
		m.progress(t.name, done, total)
	}
	return nil
}

func (m *migrator) copyRecord(ctx context.Context, t table, name string, r model.Record, types map[string]string) error {
	st := &statement{d: m.s.d}
	st.add("INSERT INTO ")
	st.name(name)
	st.add(" (")
	args := make([]any, len(t.columns))
	for i, c := range t.columns {
		if i > 0 {
			st.add(", ")
		}
		st.name(c.attribute.Column)
		v := r[c.attribute.Name]
		var err error
		if _, had := types[c.attribute.Column]; !had {
			v = m.initial(c.attribute)
		} else if c.attribute.Encrypt {
			// Values from before stay in clear until they are written again.
		} else if v, err = c.attribute.Convert(v); err != nil {
			return fmt.Errorf("%s: %w", c.attribute.Name, err)
		}
		if args[i], err = encode(c.attribute, v); err != nil {
			return err
		}
	}
	st.add(") VALUES (")
	for i, arg := range args {
		if i > 0 {
			st.add(", ")
		}
		st.value(arg)
	}
	st.add(")")
	_, err := m.s.exec(ctx, st)
	return err
}

func (m *migrator) count(ctx context.Context, name string) (int64, error) {
	st := &statement{d: m.s.d}
	st.add("SELECT COUNT(*) FROM ")
	st.name(name)
	var n int64
	return n, m.s.queryRow(ctx, st, &n)
}

// restart lets the numbering of a rebuilt table go on where it was.
func (m *migrator) restart(ctx context.Context, t table) error {
	if m.s.d.name != PostgreSQL {
		return nil // the others number on from the greatest key
	}
	for _, c := range t.columns {
		if c.role != generated {
			continue
		}
		st := &statement{d: m.s.d}
		st.add("SELECT setval(pg_get_serial_sequence(")
		st.value(m.s.d.quote(t.name))
		st.add(", ")
		st.value(c.attribute.Column)
		st.add("), GREATEST(1, (SELECT MAX(")
		st.name(c.attribute.Column)
		st.add(") FROM ")
		st.name(t.name)
		st.add(")))")
		var next any
		return m.s.queryRow(ctx, st, &next)
	}
	return nil
}
