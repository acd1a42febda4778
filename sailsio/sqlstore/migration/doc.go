// Package migration brings a database from version to version: numbered SQL files
// and Go steps that are applied in order, each once, in a transaction of its own,
// under a lock. It is for databases whose tables are somebody's care, in place of
// sqlstore's Alter, which only makes tables fit the models.
//
// # Files
//
// A folder holds the files for every database; the folders sqlite, postgres and
// mysql in it hold those for one. A file there takes the place of the general one
// of the same version:
//
//	migrations/20261122180000_users.sql
//	migrations/20261122190000_search.sql
//	migrations/postgres/20261122190000_search.sql
//
// The number is the version. The syntax is that of goose, which does the work:
//
//	-- +goose Up
//	ALTER TABLE "user" ADD COLUMN phone TEXT;
//	UPDATE "user" SET phone = '';
//
//	-- +goose Down
//	ALTER TABLE "user" DROP COLUMN phone;
//
// Statements that contain semicolons stand between "-- +goose StatementBegin" and
// "-- +goose StatementEnd"; "-- +goose NO TRANSACTION" at the top of a file runs
// its statements one by one, for those a database refuses in a transaction.
//
// # What a failure leaves
//
// A version whose file or step fails is not recorded, and those after it are not
// tried. SQLite and PostgreSQL undo what it did; MySQL and MariaDB commit with
// every change to a table, so there a file should hold one such change.
//
// # Several nodes
//
// Nodes that start together may all call Up: one applies, the others wait and find
// nothing left to do. The lock is an advisory one in PostgreSQL (which needs a
// session: no pooler that shares connections between transactions) and MySQL, where
// it ends with the connection, and a row that expires in SQLite.
package migration
