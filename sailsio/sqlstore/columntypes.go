package sqlstore

import (
	"strings"

	"github.com/go-sails/sails/sailsio/model"
)

// storedType is the type of what the column of an attribute holds.
func storedType(a *model.Attribute) model.Type {
	if a.Encrypt {
		return model.String
	}
	return a.Type
}

// family is what a column type is about: number, text, boolean, json or "" for
// anything else.
func family(columnType string) string {
	word, _, _ := strings.Cut(columnType, "(")
	switch word = strings.TrimSpace(word); {
	case strings.Contains(word, "json"):
		return "json"
	case strings.Contains(word, "bool"):
		return "boolean"
	case strings.Contains(word, "int"), strings.Contains(word, "double"), strings.Contains(word, "float"),
		strings.Contains(word, "real"), strings.Contains(word, "numeric"), strings.Contains(word, "decimal"), strings.Contains(word, "serial"):
		return "number"
	case strings.Contains(word, "char"), strings.Contains(word, "text"), strings.Contains(word, "clob"), word == "uuid":
		return "text"
	}
	return ""
}

// holds reports whether a column of a family can hold an attribute's values.
// Types that are unknown here are left alone.
func holds(family string, t model.Type) bool {
	switch family {
	case "number":
		return t == model.Number || t == model.Boolean // MySQL's BOOLEAN is a TINYINT
	case "text":
		return t == model.String || t == model.JSON || t == model.Ref
	case "boolean":
		return t == model.Boolean
	case "json":
		return t == model.JSON || t == model.Ref
	}
	return true
}
