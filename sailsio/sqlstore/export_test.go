package sqlstore

import "github.com/go-sails/sails/sailsio/model"

// Statement returns the text and the parameters of a query in a dialect.
func Statement(s *Store, dialect Dialect, q *model.Query) (string, []any, error) {
	other := *s
	other.d = dialects[dialect]
	st := &statement{d: other.d}
	err := other.selectStatement(st, q, "")
	return st.text.String(), st.args, err
}
