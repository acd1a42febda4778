// Package sqlstore keeps the records of a model.Schema in a SQL database
// through database/sql: SQLite, PostgreSQL, MySQL and MariaDB. It has Waterline's
// methods with Waterline's results and error codes.
//
// Package sqlite, below this one, opens embedded SQLite databases. For the
// others open a *sql.DB with the driver of your choice; pgx (stdlib) and
// go-sql-driver/mysql are tested.
//
// # SQL
//
// Identifiers in statements come from the schema only and values are always
// parameters, whatever a query holds (SEC-85): a Query refers to declared
// attributes by pointer, and the package has no way to put a value into the text
// of a statement. A query that finds records takes one statement, and one more
// for each populated association however many records there are.
//
// # Transactions
//
// Every write runs in a transaction with its changes to associations and its
// lifecycle callbacks. Transaction makes one of several calls; it travels in
// the context, so callbacks that use the context they get are part of it. A write
// that loses against another one, by a deadlock for example, is tried again a few
// times; model.ErrConflict says that it was in vain. In MySQL transactions are READ
// COMMITTED, as they are in PostgreSQL by default.
//
// # Existing databases
//
// Tables and columns are those Waterline's SQL adapters use, junction tables
// included. Strings are compared by their bytes in tables that Migrate made; in
// others the database's own collation decides.
//
// # Where databases differ
//
// Criteria mean on each database what they mean in Waterline with the adapter for it;
// SQLite, which has none for Sails 1.x, takes after sails-disk. TestWaterline compares
// them, and testdata/waterline/meant.json lists what is meant to differ, with reasons.
//
//   - != and nin: in SQLite null differs from every value. In PostgreSQL and MySQL it
//     does not, so that {"note": {"!=": "x"}} leaves records without a note out; write
//     {"or": [{"note": {"!=": "x"}}, {"note": null}]} to have them everywhere.
//   - sort: null comes first, and last in PostgreSQL; the other way round for DESC.
//   - like: an underscore is a wildcard in PostgreSQL and MySQL and stands for itself
//     in SQLite; a backslash before it or before % takes its meaning away. What
//     contains, startsWith and endsWith look for is never a pattern.
//   - json and ref: values are compared as values, on every database.
package sqlstore
