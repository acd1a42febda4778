package blueprint

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/go-sails/sails/sailsio/action"
	"github.com/go-sails/sails/sailsio/model"
)

// ruleError is one entry of invalidAttributes.
type ruleError struct {
	Value   any    `json:"value,omitempty"`
	Rule    string `json:"rule"`
	Message string `json:"message"`
}

// validation012 is the error of a record that the rules refuse (BO-7).
type validation012 struct {
	m          *model.Model
	unique     bool     // it came from the database, which knows no model
	names      []string // of the attributes, in the model's order
	attributes map[string][]ruleError
}

func (e *validation012) Error() string { return "blueprint: " + e.m.Identity + ": E_VALIDATION" }

// invalid turns a usage error of a write into 0.12's E_VALIDATION; in 1.x it
// stays what it is. A partial record is that of an update.
func (c *call) invalid(m *model.Model, values model.Record, partial bool, err error) error {
	var usage *model.UsageError
	var unique *model.UniqueError
	if !c.api.cfg.Sails012 {
		return err
	}
	v := &validation012{m: m, attributes: map[string][]ruleError{}}
	switch {
	case errors.As(err, &unique):
		v.unique = true
		names := unique.Attributes
		if len(names) == 0 {
			names = []string{m.PrimaryKey.Name}
		}
		for _, name := range names {
			v.add(name, ruleError{values[name], "unique", fmt.Sprintf("A record with that `%s` already exists (`%s`).", name, model.FormatID(values[name]))})
		}
		return v
	case !errors.As(err, &usage):
		return err
	}
	for _, a := range m.Attributes {
		value, given := values[a.Name]
		switch {
		case a.Required && value == "":
			v.add(a.Name, ruleError{nil, "required", failedRule("required", "''")})
		case a.Required && value == nil && (given || !partial):
			v.add(a.Name, typeError(a, nil), ruleError{nil, "required", failedRule("required", "null")})
		case given:
			if _, err := m.CheckSet(model.Record{a.Name: value}, time.Now()); err != nil {
				v.add(a.Name, valueError(a, value))
			}
		}
	}
	if len(v.names) == 0 {
		return err
	}
	return v
}

func (e *validation012) add(name string, list ...ruleError) {
	e.names = append(e.names, name)
	e.attributes[name] = list
}

func failedRule(rule, input string) string {
	return `"` + rule + `" validation rule failed for input: ` + input + "\nSpecifically, it threw an error.  Details:\n undefined"
}

// typeError says that a value is not of the attribute's type.
func typeError(a *model.Attribute, v any) ruleError {
	text, kind := "null", "object"
	switch x := v.(type) {
	case string:
		text, kind = fmt.Sprintf("%q", x), "string"
	case float64, bool:
		text, kind = model.FormatID(x), "number"
		if _, ok := x.(bool); ok {
			kind = "boolean"
		}
	case nil:
	default:
		if b, err := json.Marshal(v); err == nil && len(b) < 200 {
			text = string(b)
		}
	}
	instead := " (instead of " + text + ", which is a " + kind + ")"
	if kind == "object" {
		instead = " (instead of " + text + ", which is an " + kind + ")"
	}
	switch {
	case a.Validations.IsEmail:
		return ruleError{nil, "email", "Value should be an email" + instead}
	case a.Validations.IsInteger && v != nil:
		return ruleError{nil, "integer", "Value should be an integer"}
	case a.Type == model.Number:
		return ruleError{nil, "float", "Value should be a float" + instead}
	case a.Type == model.Boolean:
		return ruleError{nil, "boolean", "Value should be a boolean" + instead}
	}
	return ruleError{nil, "string", "Value should be a string" + instead}
}

// valueError says what is wrong with a value that was refused.
func valueError(a *model.Attribute, v any) ruleError {
	if converted, err := a.Convert(v); err == nil && a.Model == "" && a.Collection == "" {
		f, isNumber := converted.(float64)
		rules := a.Validations
		switch {
		case isNumber && rules.IsInteger && f != float64(int64(f)):
		case isNumber && rules.Min != nil && f < *rules.Min:
			return ruleError{nil, "min", failedRule("min", model.FormatID(f))}
		case isNumber && rules.Max != nil && f > *rules.Max:
			return ruleError{nil, "max", failedRule("max", model.FormatID(f))}
		case rules.IsIn != nil:
			return ruleError{nil, "in", failedRule("in", model.FormatID(v))}
		case rules.MaxLength != nil:
			return ruleError{nil, "maxLength", failedRule("maxLength", model.FormatID(v))}
		case rules.MinLength != nil:
			return ruleError{nil, "minLength", failedRule("minLength", model.FormatID(v))}
		}
	}
	return typeError(a, v)
}

// body is the error's own properties. Stacks are never sent (SEC-75).
func (e *validation012) body() map[string]any {
	global := strings.ToUpper(e.m.Identity[:1]) + e.m.Identity[1:]
	reason := fmt.Sprintf("%d attributes are invalid", len(e.names))
	if len(e.names) == 1 {
		reason = "1 attribute is invalid"
	}
	if e.unique {
		global = "undefined"
	}
	details := "Invalid attributes sent to " + global + ":\n"
	for _, name := range e.names {
		details += " • " + name + "\n"
		for _, r := range e.attributes[name] {
			details += "   • " + r.Message + "\n"
		}
	}
	body := map[string]any{
		"_e": map[string]any{}, "code": "E_VALIDATION", "details": details, "invalidAttributes": e.attributes,
		"message": "[Error (E_VALIDATION) " + reason + "] " + details, "model": global, "rawStack": "", "reason": reason,
		"stack": "Error (E_VALIDATION) :: " + reason, "status": 400,
	}
	if e.unique {
		delete(body, "model")
	}
	return body
}

// fail012 answers the errors that 0.12 answers in its own way, and reports
// whether it did.
func (api *API) fail012(w http.ResponseWriter, r *http.Request, err error) bool {
	var known *answer012
	var invalid *validation012
	answer := answer012{404, nil}
	switch {
	case errors.As(err, &known):
		answer = *known
	case errors.As(err, &invalid):
		answer = answer012{400, invalid.body()}
	case errors.Is(err, errNotFound):
	default:
		return false
	}
	if api.cfg.Production { // BO-8
		answer.body = nil
	}
	out := action.Status(w, answer.status)
	switch body := answer.body.(type) {
	case nil:
		action.End(out, r)
	case string:
		action.Send(out, r, body) // BO-13
	default:
		action.JSON(out, r, body)
	}
	return true
}
