package sqlstore

import (
	"fmt"

	"github.com/go-sails/sails/sailsio/model"
)

// column adds the column of an attribute of the table with this alias.
func (st *statement) column(alias string, a *model.Attribute) {
	st.add(st.columnText(alias, a))
}

func (st *statement) columnText(alias string, a *model.Attribute) string {
	return alias + "." + st.d.quote(a.Column)
}

// where adds the predicate w over the table with this alias.
func (st *statement) where(alias string, w *model.Where) error {
	if w.Op == model.And || w.Op == model.Or {
		return st.terms(alias, w)
	}
	column := st.columnText(alias, w.Attribute)
	json := (w.Attribute.Type == model.JSON || w.Attribute.Type == model.Ref) && !w.Attribute.Temporal()
	switch w.Op {
	case model.Is, model.NotEqual:
		return st.equal(column, json, w)
	case model.In, model.NotIn:
		return st.in(column, json, w)
	case model.Like:
		if json {
			column = st.d.jsonText(column)
		}
		before, after, pattern := st.d.like(column, w.Segments)
		if w.Pattern != "" && st.d.ownPatterns {
			before, after, pattern = column+" LIKE ", "", w.Pattern
		}
		st.add("(", before)
		st.value(pattern)
		st.add(after, ")")
		return nil
	}
	operators := map[model.Op]string{model.Less: " < ", model.LessOrEqual: " <= ", model.Greater: " > ", model.GreaterOrEqual: " >= "}
	operator, ok := operators[w.Op]
	if !ok {
		return fmt.Errorf("sqlstore: unknown operation %d in a query", w.Op)
	}
	var arg any
	switch v := w.Value.(type) {
	case string:
		if arg = any(v); w.Attribute.Temporal() {
			var err error
			if arg, err = encodeTime(w.Attribute, v); err != nil {
				return err
			}
		}
		if json {
			column = st.d.jsonText(column)
		}
	case float64:
		arg = wholeNumber(v)
		if json {
			column = st.d.jsonNumber(column)
		}
	default:
		return fmt.Errorf("sqlstore: a %T cannot be compared", w.Value)
	}
	st.add("(", column, operator)
	st.value(arg)
	st.add(")")
	return nil
}

func (st *statement) terms(alias string, w *model.Where) error {
	operator := " AND "
	if w.Op == model.Or {
		operator = " OR "
	}
	st.add("(")
	for i, term := range w.Terms {
		if i > 0 {
			st.add(operator)
		}
		if err := st.where(alias, term); err != nil {
			return err
		}
	}
	st.add(")")
	return nil
}

// equal adds an equality. Whether a value is unequal to null is up to the dialect.
func (st *statement) equal(column string, json bool, w *model.Where) error {
	not := w.Op == model.NotEqual
	if w.Value == nil {
		if not {
			st.add("(", column, " IS NOT NULL)")
		} else {
			st.add("(", column, " IS NULL)")
		}
		return nil
	}
	arg, err := encode(w.Attribute, w.Value)
	if err != nil {
		return err
	}
	left := column
	if json {
		left = st.d.jsonEqual(column)
	}
	if not {
		st.add("(", left, " <> ")
		st.value(arg)
		st.orNull(column)
		return nil
	}
	st.add("(", left, " = ")
	st.value(arg)
	st.add(")")
	return nil
}

func (st *statement) in(column string, json bool, w *model.Where) error {
	args := make([]any, len(w.Values))
	for i, v := range w.Values {
		var err error
		if args[i], err = encode(w.Attribute, v); err != nil {
			return err
		}
	}
	left := column
	if json {
		left = st.d.jsonEqual(column)
	}
	if w.Op == model.In {
		st.add("(", left, " IN ")
		st.values(args)
		st.add(")")
		return nil
	}
	st.add("(", left, " NOT IN ")
	st.values(args)
	st.orNull(column)
	return nil
}

// orNull ends what a value must not be.
func (st *statement) orNull(column string) {
	if st.d.nullDiffers {
		st.add(" OR ", column, " IS NULL")
	}
	st.add(")")
}
