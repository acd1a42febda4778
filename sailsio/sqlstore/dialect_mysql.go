package sqlstore

import (
	"database/sql"
	"fmt"
	"strings"

	"github.com/go-sails/sails/sailsio/model"
)

func mysqlDialect() *dialect {
	return &dialect{
		name:        MySQL,
		quote:       backQuote,
		placeholder: func(int, any) string { return "?" },
		like: func(expr string, segments []string) (string, string, string) {
			return expr + " LIKE ", " ESCAPE '!'", likePattern(segments)
		},
		jsonText: func(c string) string {
			return "(CASE WHEN JSON_VALID(" + c + ") THEN (CASE WHEN JSON_TYPE(" + c + ") = 'STRING' THEN JSON_UNQUOTE(" + c + ") END) END)"
		},
		jsonNumber: func(c string) string {
			return "(CASE WHEN JSON_VALID(" + c + ") THEN (CASE WHEN JSON_TYPE(" + c + ") IN ('INTEGER', 'DOUBLE', 'DECIMAL', 'UNSIGNED INTEGER') THEN JSON_UNQUOTE(" + c + ") + 0.0e0 END) END)"
		},
		jsonEqual:     func(c string) string { return c },
		keepsPrepared: true,
		ownPatterns:   true,
		// Its own choice would show what was destroyed meanwhile, and lock gaps.
		isolation:    sql.LevelReadCommitted,
		forUpdate:    " FOR UPDATE",
		insertIgnore: "INSERT IGNORE",
		noLimit:      "9223372036854775807",
		columnType: func(collation string, a *model.Attribute, r role) string {
			switch {
			case r == generated:
				return "BIGINT AUTO_INCREMENT PRIMARY KEY"
			case a.Type == model.Number && (r == key || a.AutoCreatedAt || a.AutoUpdatedAt):
				return "BIGINT"
			case a.Type == model.Number:
				return "DOUBLE"
			case a.Type == model.Boolean:
				return "BOOLEAN"
			case r == key || r == indexed:
				return "VARCHAR(255) CHARACTER SET utf8mb4 COLLATE " + collation
			}
			return "LONGTEXT CHARACTER SET utf8mb4 COLLATE " + collation
		},
		classify: classifyMySQL,
		tables: `SELECT table_name FROM information_schema.tables
			WHERE table_schema = DATABASE() AND table_type = 'BASE TABLE'`,
		columnsOf: `SELECT column_name, data_type FROM information_schema.columns
			WHERE table_schema = DATABASE() AND table_name = ?`,
		indexedOf: `SELECT column_name FROM information_schema.statistics
			WHERE table_schema = DATABASE() AND table_name = ? AND seq_in_index = 1`,
		uniqueOf: `SELECT MAX(column_name) FROM information_schema.statistics
			WHERE table_schema = DATABASE() AND table_name = ? AND non_unique = 0 GROUP BY index_name HAVING COUNT(*) = 1`,
	}
}

func classifyMySQL(err error) (fault, string) {
	// The error type of the driver has no methods to ask, but a fixed text:
	// "Error 1062 (23000): Duplicate entry 'x' for key 'user.user_email_unique'".
	var number int
	text := err.Error()
	if i := strings.Index(text, "Error "); i < 0 {
		return other, ""
	} else if _, scanErr := fmt.Sscanf(text[i:], "Error %d", &number); scanErr != nil {
		return other, ""
	}
	switch number {
	case 1062, 1586:
		_, name, _ := strings.Cut(text, "for key '")
		name = strings.TrimSuffix(strings.TrimSpace(name), "'")
		if i := strings.LastIndexByte(name, '.'); i >= 0 {
			name = name[i+1:]
		}
		return unique, name
	case 1216, 1217, 1451, 1452:
		return reference, ""
	case 1048, 1264, 1265, 1292, 1364, 1366, 1406, 3819, 4025:
		return data, ""
	case 1390, 1436: // too many parameters; a pattern with too many wildcards for the stack
		return data, ""
	case 1205, 1213: // lock wait time-out, deadlock
		return conflict, ""
	}
	return other, ""
}
