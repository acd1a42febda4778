package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/go-sails/sails/sailsio/model"
)

// typeScript declares the records of models and the messages about them.
func typeScript(name string, schema *model.Schema) []byte {
	g := &typeWriter{}
	g.line("// Types of %s, made by `sails generate types`. Make them again instead of editing.", oneLine(cmp.Or(name, "the application")))
	g.line("")
	g.line("/** Any JSON value. */")
	g.line("export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };")
	for _, m := range schema.Models() {
		g.record(m)
		g.input(m)
	}
	g.messages(schema)
	return []byte(g.out.String())
}

type typeWriter struct{ out strings.Builder }

func (g *typeWriter) line(format string, args ...any) {
	fmt.Fprintf(&g.out, format, args...)
	g.out.WriteByte('\n')
}

// oneLine keeps text of the manifest inside a comment.
func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

// typeName makes User of user, and BlogPost of blog_post.
func typeName(m *model.Model) string {
	var b strings.Builder
	for part := range strings.SplitSeq(m.Identity, "_") {
		if part != "" {
			b.WriteString(strings.ToUpper(part[:1]) + part[1:])
		}
	}
	if text := b.String(); text != "" && (text[0] < '0' || text[0] > '9') {
		return text
	}
	return "_" + b.String()
}

// record is a record as answers and messages have it.
func (g *typeWriter) record(m *model.Model) {
	g.line("")
	g.line("/** A record of %s. */", m.Identity)
	g.line("export interface %s {", typeName(m))
	for _, a := range m.Attributes {
		if !m.Readable(a.Name) {
			continue
		}
		assoc, is := m.Association(a.Name)
		switch {
		case is && assoc.Kind == model.ToMany:
			g.line("  /** Present when populated. */")
			g.line("  %s?: %s[];", a.Name, typeName(assoc.Target))
		case is:
			g.line("  %s: %s | %s | null;", a.Name, keyType(assoc.Target), typeName(assoc.Target))
		default:
			g.line("  %s: %s;", a.Name, valueType(a))
		}
	}
	g.line("}")
}

// input is what create and update take.
func (g *typeWriter) input(m *model.Model) {
	g.line("")
	g.line("/** What creating a record of %s takes; updating takes some of it. */", m.Identity)
	g.line("export interface %sInput {", typeName(m))
	for _, a := range m.Attributes {
		if !m.Writable(a.Name) {
			continue
		}
		optional := "?"
		if a.Required {
			optional = ""
		}
		kind := ""
		assoc, is := m.Association(a.Name)
		switch {
		case is && assoc.Kind == model.ToMany:
			kind = keyType(assoc.Target) + "[]"
		case is:
			kind = keyType(assoc.Target) + " | null"
		default:
			kind = valueType(a)
		}
		g.line("  %s%s: %s;", a.Name, optional, kind)
	}
	g.line("}")
}

// messages are those of resourceful pubsub (7.5): the event is the model's identity.
func (g *typeWriter) messages(schema *model.Schema) {
	g.line(`
/** What a socket is told about a record it is subscribed to. */
export type RecordMessage<Rec, Key, Collections extends string> =
  | { verb: 'created'; id: Key; data: Rec }
  | { verb: 'updated'; id: Key; data: Partial<Rec>; previous?: Rec }
  | { verb: 'destroyed'; id: Key; previous?: Rec }
  | { verb: 'addedTo'; id: Key; attribute: Collections; addedId: number | string }
  | { verb: 'removedFrom'; id: Key; attribute: Collections; removedId: number | string };

/** The messages by event: io.socket.on('user', (message: SailsEvents['user']) => …). */
export interface SailsEvents {`)
	for _, m := range schema.Models() {
		var collections []string
		for _, assoc := range m.Associations {
			if assoc.Kind == model.ToMany && m.Readable(assoc.Alias) {
				collections = append(collections, quote(assoc.Alias))
			}
		}
		g.line("  %s: RecordMessage<%s, %s, %s>;", m.Identity, typeName(m), keyType(m), cmp.Or(strings.Join(collections, " | "), "never"))
	}
	g.line("}")
}

func keyType(m *model.Model) string { return string(m.PrimaryKey.Type) }

func valueType(a *model.Attribute) string {
	kind := "Json"
	switch a.Type {
	case model.String, model.Number, model.Boolean:
		kind = string(a.Type)
	}
	if len(a.Validations.IsIn) > 0 && a.Type != model.JSON && a.Type != model.Ref {
		var values []string
		for _, v := range a.Validations.IsIn {
			values = append(values, quote(v))
		}
		if a.Type == model.String && !a.Required {
			values = append(values, "''") // the base value
		}
		kind = strings.Join(values, " | ")
	}
	if a.AllowNull {
		kind += " | null"
	}
	return kind
}

// quote writes a JSON value as a literal type.
func quote(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		return "never"
	}
	return string(text)
}
