package sqlstore

import (
	"fmt"
	"time"

	"github.com/go-sails/sails/sailsio/model"
)

const isoForm = "2006-01-02T15:04:05.000Z"

// encodeTime makes a parameter for a column of one of the database's types for times;
// package model has made v a string in the form of ISO 8601.
func encodeTime(a *model.Attribute, v any) (any, error) {
	if s, ok := v.(string); ok {
		if t, ok := parseTime(s); ok {
			return t, nil
		}
	}
	return nil, fmt.Errorf("sqlstore: attribute %s holds a %T, which is no time", a.Name, v)
}

// parseTime reads a time as drivers write it; without a zone it is UTC.
func parseTime(s string) (time.Time, bool) {
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02 15:04:05.999999", time.DateOnly} {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UTC(), true
		}
	}
	return time.Time{}, false
}

// decodeTime makes a string of what the driver scanned from a column for times.
func decodeTime(v any) any {
	switch v := v.(type) {
	case time.Time:
		return v.UTC().Format(isoForm)
	case string:
		if t, ok := parseTime(v); ok {
			return t.Format(isoForm)
		}
	}
	return v
}
