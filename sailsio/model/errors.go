package model

import (
	"errors"
	"fmt"
	"strings"
)

// Codes of a UsageError, as Waterline has them.
const (
	InvalidCriteria       = "E_INVALID_CRITERIA"
	InvalidPopulates      = "E_INVALID_POPULATES"
	InvalidNewRecord      = "E_INVALID_NEW_RECORD"
	InvalidValuesToSet    = "E_INVALID_VALUES_TO_SET"
	InvalidNumericName    = "E_INVALID_NUMERIC_ATTR_NAME"
	InvalidCollectionName = "E_INVALID_COLLECTION_ATTR_NAME"
	InvalidTargetIDs      = "E_INVALID_TARGET_RECORD_IDS"
	InvalidAssociatedIDs  = "E_INVALID_ASSOCIATED_IDS"
)

// UsageError says that a query or a record is not what the models allow. The
// blueprints answer it with 400 and its code (BP-11). Details quote the input
// and the names of attributes, never data of other records.
type UsageError struct {
	Code    string
	Details string
	Model   string // identity
}

func (e *UsageError) Error() string { return "model: " + e.Model + ": " + e.Code + ": " + e.Details }

// UniqueError says that a record with the same value exists (E_UNIQUE, BP-12).
type UniqueError struct {
	Model string // identity
	// Attributes names what collided; empty when that is the primary key or when
	// the database does not tell.
	Attributes []string
}

// Code is the code Waterline gives this error.
func (e *UniqueError) Code() string { return "E_UNIQUE" }

func (e *UniqueError) Error() string {
	return "model: " + e.Model + ": E_UNIQUE: a record with the same value exists (" + strings.Join(e.Attributes, ", ") + ")"
}

// ErrConflict says that the database gave a write up in favour of another at the same
// time: a deadlock, a failed serialization, a lock it waited for too long. Nothing was
// changed, and the same call may succeed when it is made again.
var ErrConflict = errors.New("model: the write conflicts with another; try again")

func (m *Model) usage(code, details string) *UsageError {
	return &UsageError{Code: code, Details: details, Model: m.Identity}
}

// said makes the errors whose texts become the details of a UsageError. Clients of
// Sails know these texts, so they are sentences, unlike other errors of Go.
func said(format string, args ...any) error { return fmt.Errorf(format, args...) }
