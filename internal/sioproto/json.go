package sioproto

import (
	"bytes"
	"strconv"

	"github.com/go-sails/sails/internal/rawjson"
)

// Span marks one element: data[Start:End] is its JSON text without blanks around.
type Span struct{ Start, End uint32 }

// scanner walks one JSON text (RFC 8259, the strictness of JSON.parse) once. Recursion
// is bounded by maxDepth.
//
// Package rawjson has the strings, numbers and words, and a walker too. That one cuts
// a value into its members and does not recurse, with a limit of its own; this one sees
// the objects at all depths, to find attachment references in the same pass, and keeps
// to the limit of a Config. Either would pay for what only the other needs.
type scanner struct {
	data     []byte
	pos      int
	maxDepth int
	looked   int // bytes looked at, those looked at twice counted twice (SEC-50)

	// placeholder, when set, is called for each attachment reference; malformed
	// references end the walk. Nil: such objects are plain data.
	placeholder func(start, end, num int) error
}

func (s *scanner) fail() error {
	return malformed("invalid JSON at byte " + strconv.Itoa(s.pos))
}

var errDepth = malformed("JSON nested too deep")

func (s *scanner) blanks() {
	s.looked++
	if s.pos < len(s.data) && s.data[s.pos] <= ' ' {
		end := rawjson.Blank(s.data, s.pos)
		s.looked += end - s.pos
		s.pos = end
	}
}

// value scans one value at pos; depth is the number of open brackets around it.
func (s *scanner) value(depth int) error {
	if s.pos >= len(s.data) {
		return s.fail()
	}
	switch c := s.data[s.pos]; c {
	case '{':
		return s.object(depth + 1)
	case '[':
		_, err := s.array(depth+1, nil, false)
		return err
	case '"':
		return s.str()
	default:
		return s.scalar()
	}
}

// array scans from '[' on and appends the spans of its elements, if asked to.
func (s *scanner) array(depth int, elements []Span, collect bool) ([]Span, error) {
	if depth > s.maxDepth {
		return elements, errDepth
	}
	s.pos++
	s.blanks()
	if s.pos < len(s.data) && s.data[s.pos] == ']' {
		s.pos++
		return elements, nil
	}
	for {
		s.blanks()
		start := s.pos
		if err := s.value(depth); err != nil {
			return elements, err
		}
		if collect {
			elements = append(elements, Span{uint32(start), uint32(s.pos)})
		}
		s.blanks()
		if s.pos >= len(s.data) {
			return elements, s.fail()
		}
		switch s.data[s.pos] {
		case ',':
			s.pos++
		case ']':
			s.pos++
			return elements, nil
		default:
			return elements, s.fail()
		}
	}
}

func (s *scanner) object(depth int) error {
	if depth > s.maxDepth {
		return errDepth
	}
	start := s.pos
	s.pos++
	s.blanks()
	if s.pos < len(s.data) && s.data[s.pos] == '}' {
		s.pos++
		return nil
	}
	var ref reference
	for {
		s.blanks()
		key := s.pos
		if s.pos >= len(s.data) || s.data[s.pos] != '"' {
			return s.fail()
		}
		if err := s.str(); err != nil {
			return err
		}
		keyEnd := s.pos
		s.blanks()
		if s.pos >= len(s.data) || s.data[s.pos] != ':' {
			return s.fail()
		}
		s.pos++
		s.blanks()
		val := s.pos
		if err := s.value(depth); err != nil {
			return err
		}
		if s.placeholder != nil {
			s.looked += keyEnd - key
			ref.note(s.data[key:keyEnd], s.data[val:s.pos])
		}
		s.blanks()
		if s.pos >= len(s.data) {
			return s.fail()
		}
		switch s.data[s.pos] {
		case ',':
			s.pos++
		case '}':
			s.pos++
			if s.placeholder != nil && ref.marked {
				num, err := ref.index()
				if err != nil {
					return err
				}
				return s.placeholder(start, s.pos, num)
			}
			return nil
		default:
			return s.fail()
		}
	}
}

func (s *scanner) str() error {
	end, ok := rawjson.String(s.data, s.pos)
	s.looked += end - s.pos
	s.pos = end
	if !ok {
		return s.fail()
	}
	return nil
}

// scalar scans a number or a word, and refuses numbers that overflow a float64
// (SEC-50): another JSON reader would see Infinity.
func (s *scanner) scalar() error {
	end, ok := rawjson.Scalar(s.data, s.pos)
	text := s.data[s.pos:end]
	s.looked += len(text)
	s.pos = end
	if !ok {
		return s.fail()
	}
	if text[0] > '9' { // a word
		return nil
	}
	if len(text) > 308 || bytes.IndexByte(text, 'e') >= 0 || bytes.IndexByte(text, 'E') >= 0 {
		s.looked += len(text)
		if _, err := strconv.ParseFloat(string(text), 64); err != nil {
			return malformed("number out of range")
		}
	}
	return nil
}

// end makes sure that nothing but blanks is left.
func (s *scanner) end() error {
	s.blanks()
	if s.pos != len(s.data) {
		return s.fail()
	}
	return nil
}

// Kind is the kind of a JSON value, by its first byte.
func Kind(value []byte) byte {
	if len(value) == 0 {
		return 0
	}
	if c := value[0]; c == '-' || c >= '0' && c <= '9' {
		return '0'
	}
	return value[0]
}

// Valid checks that data is one JSON value not nested deeper than maxDepth and
// returns it without the blanks around.
func Valid(data []byte, maxDepth int) ([]byte, error) {
	s := scanner{data: data, maxDepth: maxDepth}
	s.blanks()
	start := s.pos
	if err := s.value(0); err != nil {
		return nil, err
	}
	stop := s.pos
	if err := s.end(); err != nil {
		return nil, err
	}
	return data[start:stop], nil
}

// Split checks that data is one JSON array and appends the spans of its elements
// to spans, in a single pass. attachments is how many binary parts the packet
// announced: each must be referenced exactly once (SEC-48). With none, objects
// that look like references are data.
func Split(data []byte, attachments, maxDepth int, spans []Span) ([]Span, error) {
	s := scanner{data: data, maxDepth: maxDepth}
	return s.split(attachments, spans)
}

func (s *scanner) split(attachments int, spans []Span) ([]Span, error) {
	var refs *references
	if attachments > 0 {
		refs = &references{used: make([]bool, attachments)}
		s.placeholder = refs.take
	}
	s.blanks()
	if s.pos >= len(s.data) || s.data[s.pos] != '[' {
		return nil, malformed("payload is no array")
	}
	spans, err := s.array(1, spans, true)
	if err != nil {
		return nil, err
	}
	if err := s.end(); err != nil {
		return nil, err
	}
	if refs != nil && refs.count != attachments {
		return nil, malformed("attachment without placeholder")
	}
	return spans, nil
}

// EventName returns the name that an EVENT's first element stands for, as a part
// of value where possible. Numbers are names too, spelled as JavaScript spells them.
func EventName(value []byte) (name []byte, err error) {
	switch Kind(value) {
	case '"':
		inner := value[1 : len(value)-1]
		if bytes.IndexByte(inner, '\\') >= 0 {
			inner = unquote(value)
		}
		return inner, nil
	case '0':
		for _, c := range value {
			if c < '0' || c > '9' || len(value) > 15 {
				f, err := strconv.ParseFloat(string(value), 64)
				if err != nil {
					return nil, malformed("number out of range")
				}
				return AppendNumber(nil, f), nil
			}
		}
		return value, nil
	}
	return nil, malformed("event name is no string")
}
