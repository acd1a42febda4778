package manifest

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"
)

// jsSpace is what \s matches in JavaScript; Go's matches ASCII only.
const jsSpace = `\t\n\v\f\r \x{a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000}\x{feff}`

const maxPattern = 10_000

// errLook means what Go's expressions, which take linear time, do not have.
var errLook = errors.New("it looks ahead, looks behind or refers back, which cannot be done in linear time")

// Pattern turns a JavaScript regular expression into one of Go that matches the same
// strings. It fails for those it cannot vouch for: look-around, back references,
// the flags m and v, and escapes that mean something else in Go. With the flag i and
// without u, Go's also takes the long s and the Kelvin sign for the letters s and k.
func Pattern(source, flags string) (*regexp.Regexp, error) {
	if len(source) > maxPattern {
		return nil, fmt.Errorf("manifest: a regular expression of more than %d bytes", maxPattern)
	}
	p := &pattern{rest: source, unicode: strings.Contains(flags, "u"), dotAll: strings.Contains(flags, "s")}
	for _, flag := range flags {
		if !strings.ContainsRune("dgisuy", flag) {
			return nil, fmt.Errorf("manifest: regular expression /%s/%s: the flag %q cannot be carried over", source, flags, flag)
		}
	}
	if err := p.translate(); err != nil {
		return nil, fmt.Errorf("manifest: regular expression /%s/%s: %w", source, flags, err)
	}
	prefix := ""
	if strings.Contains(flags, "i") {
		prefix = "(?i)"
	}
	re, err := regexp.Compile(prefix + p.out.String())
	if err != nil {
		return nil, fmt.Errorf("manifest: regular expression /%s/%s: %w", source, flags, err)
	}
	return re, nil
}

type pattern struct {
	rest            string
	out             strings.Builder
	unicode, dotAll bool
	class           bool // inside [ ]
}

func (p *pattern) translate() error {
	for p.rest != "" {
		r, size := utf8.DecodeRuneInString(p.rest)
		if r == utf8.RuneError && size <= 1 {
			return errors.New("it is no UTF-8")
		}
		p.rest = p.rest[size:]
		switch {
		case r == '\\':
			if err := p.escape(); err != nil {
				return err
			}
			continue
		case p.class && r == ']':
			p.class = false
		case p.class && r == '[':
			p.out.WriteByte('\\') // "[:" would begin a class of POSIX
		case p.class:
		case r == '[':
			if err := p.open(); err != nil {
				return err
			}
			continue
		case r == '(' && strings.HasPrefix(p.rest, "?"):
			if !strings.HasPrefix(p.rest, "?:") && !p.namedGroup() {
				return errLook
			}
		case r == '.' && !p.dotAll:
			p.out.WriteString(`[^\n\r\x{2028}\x{2029}]`)
			continue
		case r == '.':
			p.out.WriteString(`(?s:.)`)
			continue
		}
		p.out.WriteRune(r)
	}
	return nil
}

func (p *pattern) namedGroup() bool {
	return strings.HasPrefix(p.rest, "?<") && !strings.HasPrefix(p.rest, "?<=") && !strings.HasPrefix(p.rest, "?<!")
}

// open begins a class: [] matches nothing and [^] everything, in JavaScript.
func (p *pattern) open() error {
	negated := strings.HasPrefix(p.rest, "^")
	if negated {
		p.rest = p.rest[1:]
	}
	if strings.HasPrefix(p.rest, "]") {
		p.rest = p.rest[1:]
		if !negated {
			return errors.New("[] never matches")
		}
		p.out.WriteString(`(?s:.)`)
		return nil
	}
	p.class = true
	p.out.WriteByte('[')
	if negated {
		p.out.WriteByte('^')
	}
	return nil
}

// escape translates what follows a backslash.
func (p *pattern) escape() error {
	if p.rest == "" {
		return errors.New("it ends with a backslash")
	}
	r, size := utf8.DecodeRuneInString(p.rest)
	p.rest = p.rest[size:]
	switch {
	case r == 's' && p.class:
		p.out.WriteString(jsSpace)
	case r == 's':
		p.out.WriteString("[" + jsSpace + "]")
	case r == 'S' && p.class:
		return errors.New(`\S in a class`)
	case r == 'S':
		p.out.WriteString("[^" + jsSpace + "]")
	case r == 'b' && p.class:
		p.out.WriteString(`\x08`)
	case strings.ContainsRune("dDwWtnvfr", r) || (r == 'b' || r == 'B') && !p.class:
		p.out.WriteRune('\\')
		p.out.WriteRune(r)
	case r == 'x':
		return p.code(2)
	case r == 'u' && strings.HasPrefix(p.rest, "{") && p.unicode:
		end := strings.IndexByte(p.rest, '}')
		if end < 0 {
			return errors.New(`\u{ without an end`)
		}
		digits := p.rest[1:end]
		p.rest = p.rest[end+1:]
		return p.rune(digits)
	case r == 'u':
		return p.code(4)
	case r == '0' && (p.rest == "" || p.rest[0] < '0' || p.rest[0] > '9'):
		p.out.WriteString(`\x00`)
	case r >= '0' && r <= '9', r == 'k':
		return errLook
	case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z':
		return fmt.Errorf(`the escape \%c`, r)
	case r < utf8.RuneSelf:
		if r == '-' && p.class {
			p.out.WriteByte('\\') // or it would make a range
		}
		p.out.WriteString(regexp.QuoteMeta(string(r)))
	default:
		p.out.WriteRune(r)
	}
	return nil
}

func (p *pattern) code(digits int) error {
	if len(p.rest) < digits {
		return errors.New("an escape without its digits")
	}
	hex := p.rest[:digits]
	p.rest = p.rest[digits:]
	return p.rune(hex)
}

func (p *pattern) rune(hex string) error {
	n, err := strconv.ParseUint(hex, 16, 21)
	if err != nil || n > utf8.MaxRune {
		return errors.New("an escape without its digits")
	}
	if n >= 0xd800 && n <= 0xdfff {
		return errors.New("half a surrogate pair")
	}
	fmt.Fprintf(&p.out, `\x{%x}`, n)
	return nil
}
