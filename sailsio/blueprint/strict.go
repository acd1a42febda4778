package blueprint

import (
	"errors"

	"github.com/go-sails/sails/sailsio/model"
)

// unparsable is an error that Sails answers with 500 (SU-15). Config.Strict does so too,
// with the text of what is thrown there.
type unparsable struct {
	*model.UsageError
	text string
}

func (e unparsable) Unwrap() error { return e.UsageError }

// Thrown is what action.ServerError shows.
func (e unparsable) Thrown() string { return e.text }

// thrown makes a usage error of a look-up one that Sails answers with 500; it does so
// wherever an action looks for something else than what it is about.
func thrown(err error) error {
	if usage := (*model.UsageError)(nil); errors.As(err, &usage) {
		return unparsable{usage, "UsageError: Invalid criteria.\nDetails:\n  " + usage.Details}
	}
	return err
}

// lookup is the error with which Sails fails to look up who owns the records of a list
// of keys, other than owner if there is one, which it does before anything checks the
// list; nil when it does not, and without Config.Strict.
func (c *call) lookup(assoc *model.Association, keys, owner any) error {
	list, ok := keys.([]any)
	if !ok || assoc.Junction != nil || !c.api.cfg.Strict {
		return nil
	}
	text, end := "UsageError: Invalid criteria.\nDetails:\n  ", ""
	where := model.Record{assoc.Target.PrimaryKey.Name: list}
	if owner != nil {
		text = "UsageError: Invalid criteria.\nRefer to the docs for up-to-date info on query language syntax:\nhttps://sailsjs.com/docs/concepts/models-and-orm/query-language\n\nDetails:\n  "
		end = "\n [?] See https://sailsjs.com/support for help."
		where[assoc.Via] = model.Record{"!=": owner}
	}
	_, err := assoc.Target.Query(model.Criteria{Where: where}, nil, model.Limits{})
	if usage := (*model.UsageError)(nil); errors.As(err, &usage) {
		return unparsable{usage, text + usage.Details + end}
	}
	return err
}

// differenceAsSent is difference as Sails finds it: among the ids as they were sent. One
// sent twice came twice, the text of a number is another id than the number, and what is
// no list has no ids.
func differenceAsSent(assoc *model.Association, sent any, before []model.Record) (came []any, stays map[any]bool) {
	stays = map[any]bool{}
	was := make(map[any]bool, len(before))
	for _, member := range before {
		was[assoc.Target.ID(member)] = true
	}
	list, _ := sent.([]any)
	for _, item := range list {
		ids, err := assoc.Target.IDs(item)
		switch {
		case err != nil || len(ids) == 0: // replacing would have failed
		case was[assoc.Target.ID(item)]:
			stays[ids[0]] = true
		default:
			came = append(came, ids[0])
		}
	}
	return came, stays
}
