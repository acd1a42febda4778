package model

import (
	"fmt"
	"strings"
)

// Kind says how many records an association refers to.
type Kind int

// The two kinds of association. Sails calls them model and collection.
const (
	ToOne Kind = iota + 1
	ToMany
)

// Association is an attribute that refers to another model. Its fields must not
// be changed.
type Association struct {
	// Alias is the name of the attribute; Owner the model that has it.
	Alias string
	Owner *Model
	Kind  Kind
	// Target is the other model.
	Target *Model
	// Via is the attribute's own Via.
	Via string

	// Inverse is the association of Target that mirrors this one, found by Via:
	// for a to-one association the collection of Target whose Via is this alias,
	// for a collection the attribute that its Via names. It decides who is told
	// about a created, updated, addedTo or removedFrom (PS-40..46, PS-50..53) and
	// about a destroyed collection owner (PS-48, PS-49). Nil: nobody (PS-54); in
	// particular for associations through a junction model, as in Sails, and for
	// one-to-one pairs, whose inverse is OneToOne.
	Inverse *Association

	// OneToOne is the to-one attribute of Target that is paired with this to-one
	// association by the Via of either, or nil. Sails 1.x never uses it for
	// notifications (PS-40, PS-44).
	OneToOne *Association

	// BackReference is what Sails uses for PS-47, to tell the other side of a
	// to-one association that the record is gone: the first collection of Target
	// that refers to Owner, else the first to-one attribute that does, whatever
	// their Via (SU-12). Prefer Inverse when it is not nil.
	BackReference *Association

	// Junction is the table between the two models when neither holds a key of
	// the other: many-to-many, one-way and through associations. Else nil.
	Junction *Junction
	// OwnerColumn and TargetColumn are the columns of Junction that hold the keys
	// of Owner and of Target.
	OwnerColumn, TargetColumn string
}

// Junction is a table that holds pairs of primary keys. Names are those that
// Waterline gives, so that an existing database keeps working.
type Junction struct {
	Table string
	// Columns are the two key columns; Keys the primary keys they refer to, in
	// the same order.
	Columns [2]string
	Keys    [2]*Attribute
	// Refers are the models the keys belong to, in the same order.
	Refers [2]*Model
	// Model is the junction model of a through association; nil when the table
	// exists only for the association. Such a table has a third column, the
	// auto-increment number "id".
	Model *Model
}

func (s *Schema) resolve() []error {
	var errs []error
	for _, m := range s.models {
		for _, a := range m.Attributes {
			target, kind := a.Model, ToOne
			if a.Collection != "" {
				target, kind = a.Collection, ToMany
			}
			if target == "" {
				continue
			}
			other := s.byName[target]
			if other == nil {
				errs = append(errs, fmt.Errorf("model: %s.%s: there is no model %q", m.Identity, a.Name, target))
				continue
			}
			if kind == ToOne {
				a.Type = other.PrimaryKey.Type
			}
			assoc := &Association{Alias: a.Name, Owner: m, Kind: kind, Target: other, Via: a.Via}
			m.Associations = append(m.Associations, assoc)
			m.associations[a.Name] = assoc
		}
	}
	junctions := map[string]*Junction{}
	for _, m := range s.models {
		for _, assoc := range m.Associations {
			if err := s.pair(assoc, junctions); err != nil {
				errs = append(errs, fmt.Errorf("model: %s.%s: %w", m.Identity, assoc.Alias, err))
			}
		}
	}
	for _, m := range s.models {
		for _, assoc := range m.Associations {
			assoc.findInverse()
		}
	}
	return errs
}

// pair checks the other side of an association and gives it its junction.
func (s *Schema) pair(assoc *Association, junctions map[string]*Junction) error {
	declared := assoc.Owner.attributes[assoc.Alias]
	if declared.Through != "" {
		return s.pairThrough(assoc, declared, junctions)
	}
	if assoc.Via == "" {
		if assoc.Kind == ToMany {
			if declared.Dominant {
				return fmt.Errorf("its Dominant needs Via")
			}
			s.join(assoc, assoc.Alias+"_"+assoc.Target.Identity, junctions)
		}
		return nil
	}
	other := assoc.Target.associations[assoc.Via]
	if other == nil {
		return fmt.Errorf("its Via names %s.%s, which is no association", assoc.Target.Identity, assoc.Via)
	}
	if other == assoc {
		return fmt.Errorf("its Via points at the attribute itself; leave it out for a one-way association")
	}
	if other.Target != assoc.Owner {
		return fmt.Errorf("its Via names %s.%s, which refers to %s", assoc.Target.Identity, assoc.Via, other.Target.Identity)
	}
	switch {
	case assoc.Kind == ToOne && other.Kind == ToMany:
		return fmt.Errorf("its Via of a to-one association names a collection; put Via on the collection only")
	case assoc.Kind == ToMany && other.Kind == ToMany:
		if other.Via != assoc.Alias {
			return fmt.Errorf("its Via names %s.%s, whose Via is not %s", assoc.Target.Identity, assoc.Via, assoc.Alias)
		}
		s.join(assoc, assoc.Via, junctions)
	case assoc.Kind == ToMany && declared.Dominant:
		return fmt.Errorf("its Dominant is for many-to-many associations")
	}
	return nil
}

// join gives a collection its implicit junction table, under Waterline's name:
// both sides in alphabetical order, each "<identity>_<alias>".
func (s *Schema) join(assoc *Association, via string, junctions map[string]*Junction) {
	own := assoc.Owner.Identity + "_" + assoc.Alias
	other := assoc.Target.Identity + "_" + via
	first, second := assoc.Owner, assoc.Target
	a, b := own, other
	if second.Identity < first.Identity || second == first && via < assoc.Alias {
		first, second, a, b = second, first, b, a
	}
	table := a + "__" + b
	j := junctions[table]
	if j == nil {
		j = &Junction{
			Table:   shorten(table),
			Columns: [2]string{shorten(a), shorten(b)},
			Keys:    [2]*Attribute{first.PrimaryKey, second.PrimaryKey},
			Refers:  [2]*Model{first, second},
		}
		junctions[table] = j
		s.junctions = append(s.junctions, j)
	}
	assoc.Junction, assoc.OwnerColumn, assoc.TargetColumn = j, shorten(own), shorten(other)
}

// shorten keeps an implicit name within what every database takes.
func shorten(name string) string {
	if len(name) <= maxIdentifier {
		return name
	}
	var sum uint32 = 2166136261 // FNV-1a: names must be the same at every start
	for i := range len(name) {
		sum = (sum ^ uint32(name[i])) * 16777619
	}
	return strings.TrimRight(name[:maxIdentifier-9], "_") + fmt.Sprintf("_%08x", sum)
}

func (s *Schema) pairThrough(assoc *Association, declared *Attribute, junctions map[string]*Junction) error {
	through := s.byName[declared.Through]
	if through == nil {
		return fmt.Errorf("there is no junction model %q", declared.Through)
	}
	own := through.associations[assoc.Via]
	if own == nil || own.Kind != ToOne || own.Target != assoc.Owner {
		return fmt.Errorf("its Via must name the to-one attribute of %s that refers to %s", through.Identity, assoc.Owner.Identity)
	}
	var back *Association
	for _, candidate := range assoc.Target.Associations {
		a := assoc.Target.attributes[candidate.Alias]
		if candidate != assoc && candidate.Kind == ToMany && candidate.Target == assoc.Owner && a.Through == declared.Through {
			back = candidate
			break
		}
	}
	if back == nil {
		return fmt.Errorf("%s has no collection of %s through %s", assoc.Target.Identity, assoc.Owner.Identity, declared.Through)
	}
	far := through.associations[back.Via]
	if far == nil || far.Kind != ToOne || far.Target != assoc.Target || far == own {
		return fmt.Errorf("its Via of %s.%s must name the to-one attribute of %s that refers to %s", assoc.Target.Identity, back.Alias, through.Identity, assoc.Target.Identity)
	}
	ownColumn, farColumn := through.attributes[own.Alias].Column, through.attributes[far.Alias].Column
	// The space keeps the key apart from the names of implicit tables.
	key := through.Identity + " " + min(ownColumn, farColumn) + " " + max(ownColumn, farColumn)
	j := junctions[key]
	if j == nil {
		j = &Junction{
			Table: through.Table, Columns: [2]string{ownColumn, farColumn},
			Keys:   [2]*Attribute{assoc.Owner.PrimaryKey, assoc.Target.PrimaryKey},
			Refers: [2]*Model{assoc.Owner, assoc.Target}, Model: through,
		}
		junctions[key] = j
		s.junctions = append(s.junctions, j)
	}
	assoc.Junction, assoc.OwnerColumn, assoc.TargetColumn = j, ownColumn, farColumn
	return nil
}

func (a *Association) findInverse() {
	through := a.Owner.attributes[a.Alias].Through != ""
	for _, other := range a.Target.Associations {
		if other.Target != a.Owner || other == a {
			continue
		}
		if a.BackReference == nil || a.BackReference.Kind == ToOne && other.Kind == ToMany {
			a.BackReference = other
		}
		if a.Kind == ToOne && other.Kind == ToOne && (a.Via == other.Alias || other.Via == a.Alias) {
			a.OneToOne = other
		}
		if a.Inverse == nil && !through && a.mirrors(other) {
			a.Inverse = other
		}
	}
}

func (a *Association) mirrors(other *Association) bool {
	if other.Owner.attributes[other.Alias].Through != "" {
		return false
	}
	if a.Kind == ToOne {
		return other.Kind == ToMany && other.Via == a.Alias
	}
	return a.Via != "" && other.Alias == a.Via
}
