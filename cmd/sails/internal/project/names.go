package project

import (
	"fmt"
	"go/token"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// names gives out names of Go that are not taken yet.
type names struct {
	taken map[string]bool
	files map[string]bool
}

// newNames makes names for a package whose main file is called after it, and in which
// some names are taken.
func newNames(pkg string, taken ...string) *names {
	n := &names{taken: map[string]bool{}, files: map[string]bool{pkg: true}}
	for _, name := range taken {
		n.taken[name] = true
	}
	return n
}

func isWord(r rune) bool { return r < 128 && (unicode.IsLetter(r) || unicode.IsDigit(r)) }

var initialisms = []string{"Api", "Css", "Csrf", "Csv", "Html", "Http", "Id", "Ip", "Json", "Jwr", "Sql", "Url", "Uuid", "Xml"}

// exported makes an exported name: UserPromote of user/promote.
func (n *names) exported(text string) string {
	var b strings.Builder
	for _, word := range strings.FieldsFunc(text, func(r rune) bool { return !isWord(r) }) {
		word = strings.ToUpper(word[:1]) + word[1:]
		if slices.Contains(initialisms, word) {
			word = strings.ToUpper(word)
		}
		b.WriteString(word)
	}
	name := b.String()
	if name == "" || !unicode.IsUpper(rune(name[0])) {
		name = "X" + name
	}
	return unused(n.taken, name, "")
}

// file makes the name of a file. It has no underscore, which may mean a test or a
// platform.
func (n *names) file(text string) string {
	words := strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return !isWord(r) })
	name := strings.Join(words, "-")
	if name == "" {
		name = "x"
	}
	return unused(n.files, name, "-")
}

// unused returns name, with a number behind it if it is taken, and takes it.
func unused(taken map[string]bool, name, dash string) string {
	free := name
	for i := 2; taken[free] || token.IsKeyword(free); i++ {
		free = name + dash + strconv.Itoa(i)
	}
	taken[free] = true
	return free
}

func quote(text string) string { return strconv.Quote(text) }

// folder is a path as go.mod has it.
func folder(path string) string {
	if strings.ContainsAny(path, " \t\"'`,()[]{}\\") || strings.Contains(path, "//") {
		return strconv.Quote(path)
	}
	return path
}

// comment makes text fit into one line of a comment.
func comment(text string) string {
	return strings.Join(strings.Fields(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, text)), " ")
}

// tag makes a struct tag of pairs, as Go source.
func tag(pairs ...[2]string) string {
	var parts []string
	for _, pair := range pairs {
		if pair[1] != "" {
			parts = append(parts, fmt.Sprintf("%s:%s", pair[0], strconv.Quote(pair[1])))
		}
	}
	text := strings.Join(parts, " ")
	if strings.ContainsRune(text, '`') {
		return strconv.Quote(text)
	}
	return "`" + text + "`"
}
