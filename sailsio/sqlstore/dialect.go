package sqlstore

import (
	"database/sql"
	"strconv"
	"strings"
	"time"

	"github.com/go-sails/sails/sailsio/model"
)

// Dialect names the SQL a database speaks.
type Dialect string

// The dialects. MySQL serves MariaDB too.
const (
	SQLite     Dialect = "sqlite"
	PostgreSQL Dialect = "postgres"
	MySQL      Dialect = "mysql"
)

// dialect holds what differs between databases. Its functions return SQL that
// is made of constants, identifiers given to them and placeholders.
type dialect struct {
	name Dialect
	// quote makes an identifier of a name. Names come from a checked schema, which
	// admits no quotes; they are doubled all the same.
	quote func(name string) string
	// placeholder is the n-th parameter, 1 being the first, cast where the database
	// would guess the wrong type.
	placeholder func(n int, arg any) string
	// like matches expr against literal texts between which anything may stand.
	like func(expr string, segments []string) (before, after string, pattern string)
	// json are the ways to look into a JSON column: text is the string it holds,
	// number the number, each null when it holds something else.
	jsonText, jsonNumber func(column string) string
	jsonEqual            func(column string) string // what to compare with a JSON parameter
	// ownPatterns lets LIKE read a like modifier as it is written, and nullDiffers
	// makes null differ from every value in != and nin: each as Waterline's adapter
	// for the database has it, sails-disk in place of one for SQLite.
	ownPatterns, nullDiffers bool
	// keepsPrepared says that reads are worth keeping prepared.
	keepsPrepared bool
	// isolation is that of transactions; zero is the database's own choice.
	isolation sql.IsolationLevel
	// forUpdate locks the rows a transaction is going to change.
	forUpdate string
	// ignore makes an insert skip rows that exist: a verb and a suffix.
	insertIgnore, onConflict string
	// returning tells whether an insert can return the new key.
	returning bool
	// noLimit is the limit to write when only rows are skipped.
	noLimit string
	// columnType is the type of a new column; collation is what compares strings by
	// their bytes on this server.
	columnType func(collation string, a *model.Attribute, r role) string
	// classify tells what kind of error the driver returned, and the columns or
	// the constraint it names.
	classify func(err error) (fault, string)
	// Statements about the database: the tables; the columns of the table given as
	// parameter, with their types; the columns that have a unique index alone; those
	// that come first in any index.
	tables, columnsOf, uniqueOf, indexedOf string
	// transactionalDDL tells whether a rollback undoes what was done to tables.
	transactionalDDL bool
}

// role says what a column is for, which may narrow its type.
type role int

const (
	plain     role = iota
	generated      // a primary key that the database numbers
	key            // a primary key, or a reference to one
	indexed        // has a unique index
)

var dialects = map[Dialect]*dialect{SQLite: sqliteDialect(), PostgreSQL: postgresDialect(), MySQL: mysqlDialect()}

func doubleQuote(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

func backQuote(name string) string { return "`" + strings.ReplaceAll(name, "`", "``") + "`" }

// likePattern escapes literal texts for LIKE with the escape character "!".
func likePattern(segments []string) string {
	r := strings.NewReplacer("!", "!!", "%", "!%", "_", "!_")
	escaped := make([]string, len(segments))
	for i := range segments {
		escaped[i] = r.Replace(segments[i])
	}
	return strings.Join(escaped, "%")
}

// statement builds the text and the parameters of a statement. Only its callers'
// constants and the dialect's output become text.
type statement struct {
	d    *dialect
	text strings.Builder
	args []any
}

func (st *statement) add(parts ...string) {
	for _, p := range parts {
		st.text.WriteString(p)
	}
}

// name adds an identifier.
func (st *statement) name(name string) { st.text.WriteString(st.d.quote(name)) }

// value adds a parameter.
func (st *statement) value(arg any) {
	if t, ok := arg.(time.Time); ok && st.d.name == SQLite { // has no type for times; this text sorts by them
		arg = t.Format(isoForm)
	}
	st.args = append(st.args, arg)
	st.text.WriteString(st.d.placeholder(len(st.args), arg))
}

// values adds a parenthesised list of parameters.
func (st *statement) values(args []any) {
	st.add("(")
	for i, arg := range args {
		if i > 0 {
			st.add(", ")
		}
		st.value(arg)
	}
	st.add(")")
}

// number adds an integer that the package computed, as text: databases plan
// better for a known LIMIT.
func (st *statement) number(n int) { st.text.WriteString(strconv.Itoa(n)) }

func itoa(n int) string { return strconv.Itoa(n) }
