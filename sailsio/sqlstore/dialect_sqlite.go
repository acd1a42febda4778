package sqlstore

import (
	"errors"
	"strings"

	"github.com/go-sails/sails/sailsio/model"
)

func sqliteDialect() *dialect {
	return &dialect{
		name:        SQLite,
		quote:       doubleQuote,
		placeholder: func(int, any) string { return "?" },
		// LIKE ignores the case of ASCII letters in SQLite; GLOB does not.
		like: func(expr string, segments []string) (string, string, string) {
			r := strings.NewReplacer("*", "[*]", "?", "[?]", "[", "[[]")
			escaped := make([]string, len(segments))
			for i := range segments {
				escaped[i] = r.Replace(segments[i])
			}
			return expr + " GLOB ", "", strings.Join(escaped, "*")
		},
		jsonText: func(c string) string {
			return "(CASE WHEN json_valid(" + c + ") AND json_type(" + c + ") = 'text' THEN json_extract(" + c + ", '$') END)"
		},
		jsonNumber: func(c string) string {
			return "(CASE WHEN json_valid(" + c + ") AND json_type(" + c + ") IN ('integer', 'real') THEN json_extract(" + c + ", '$') END)"
		},
		jsonEqual:     func(c string) string { return c },
		keepsPrepared: true,
		nullDiffers:   true,
		insertIgnore:  "INSERT", onConflict: " ON CONFLICT DO NOTHING",
		returning: true,
		noLimit:   "-1",
		columnType: func(_ string, a *model.Attribute, r role) string {
			switch {
			case r == generated:
				return "INTEGER PRIMARY KEY AUTOINCREMENT"
			case a.Type == model.Number:
				return "NUMERIC"
			case a.Type == model.Boolean:
				return "BOOLEAN"
			}
			return "TEXT"
		},
		classify:  classifySQLite,
		tables:    `SELECT name FROM sqlite_master WHERE type = 'table'`,
		columnsOf: `SELECT name, type FROM pragma_table_info(?)`,
		indexedOf: `SELECT info.name FROM pragma_index_list(?) AS list, pragma_index_info(list.name) AS info
			WHERE info.seqno = 0`,
		uniqueOf: `SELECT MAX(info.name) FROM pragma_index_list(?) AS list, pragma_index_info(list.name) AS info
			WHERE list."unique" = 1 GROUP BY list.name HAVING COUNT(*) = 1`,
		transactionalDDL: true,
	}
}

// Result codes of SQLite, most of them extended ones.
const (
	sqliteGeneric    = 1
	sqliteBusy       = 5
	sqliteLocked     = 6
	sqliteUnique     = 2067
	sqlitePrimaryKey = 1555
	sqliteRowID      = 2579
	sqliteForeignKey = 787
	sqliteNotNull    = 1299
	sqliteCheck      = 275
	sqliteTooBig     = 18
	sqliteMismatch   = 20
)

func classifySQLite(err error) (fault, string) {
	var coded interface{ Code() int }
	if !errors.As(err, &coded) {
		return other, ""
	}
	switch coded.Code() & 0xff {
	case sqliteBusy, sqliteLocked:
		return conflict, ""
	case sqliteGeneric:
		if text := err.Error(); strings.Contains(text, "too many SQL variables") || strings.Contains(text, "too large (maximum depth") || strings.Contains(text, "pattern too complex") {
			return data, ""
		}
	}
	switch coded.Code() {
	case sqliteUnique, sqlitePrimaryKey, sqliteRowID:
		// "constraint failed: UNIQUE constraint failed: user.email, user.name (2067)"
		_, names, _ := strings.Cut(err.Error(), "UNIQUE constraint failed: ")
		names, _, _ = strings.Cut(names, " (")
		return unique, names
	case sqliteForeignKey:
		return reference, ""
	case sqliteNotNull, sqliteCheck, sqliteTooBig, sqliteMismatch:
		return data, ""
	}
	return other, ""
}
