package sioproto

import (
	"bytes"
	"strconv"
)

// Span marks one element: data[Start:End] is its JSON text without blanks around.
type Span struct{ Start, End uint32 }

// scanner walks one JSON text (RFC 8259, the strictness of JSON.parse) once.
// Recursion is bounded by maxDepth.
type scanner struct {
	data     []byte
	pos      int
	maxDepth int

	// placeholder, when set, is called for each attachment reference; malformed
	// references end the walk. Nil: such objects are plain data.
	placeholder func(start, end, num int) error
}

func (s *scanner) fail() error {
	return malformed("invalid JSON at byte " + strconv.Itoa(s.pos))
}

var errDepth = malformed("JSON nested too deep")

func (s *scanner) blanks() {
	for s.pos < len(s.data) {
		switch s.data[s.pos] {
		case ' ', '\t', '\n', '\r':
			s.pos++
		default:
			return
		}
	}
}

// value scans one value at pos; depth is the number of open brackets around it.
func (s *scanner) value(depth int) error {
	if s.pos >= len(s.data) {
		return s.fail()
	}
	switch c := s.data[s.pos]; c {
	case '"':
		return s.str()
	case '{':
		return s.object(depth + 1)
	case '[':
		_, err := s.array(depth+1, nil, false)
		return err
	case 't':
		return s.literal("true")
	case 'f':
		return s.literal("false")
	case 'n':
		return s.literal("null")
	default:
		if c == '-' || c >= '0' && c <= '9' {
			return s.number()
		}
		return s.fail()
	}
}

func (s *scanner) literal(word string) error {
	if len(s.data)-s.pos < len(word) || string(s.data[s.pos:s.pos+len(word)]) != word {
		return s.fail()
	}
	s.pos += len(word)
	return nil
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

// plain marks the bytes that need no look inside a JSON string.
var plain = func() (t [256]bool) {
	for i := range t {
		t[i] = i >= 0x20 && i != '"' && i != '\\'
	}
	return t
}()

func (s *scanner) str() error {
	data := s.data
	i := s.pos + 1
	for {
		for i < len(data) && plain[data[i]] {
			i++
		}
		if i >= len(data) {
			s.pos = i
			return s.fail()
		}
		switch data[i] {
		case '"':
			s.pos = i + 1
			return nil
		case '\\':
			n := escape(data[i:])
			if n == 0 {
				s.pos = i
				return s.fail()
			}
			i += n
		default:
			s.pos = i
			return s.fail()
		}
	}
}

// escape returns the length of the escape sequence b starts with, 0 when wrong.
func escape(b []byte) int {
	if len(b) < 2 {
		return 0
	}
	switch b[1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return 2
	case 'u':
		if len(b) < 6 {
			return 0
		}
		for _, c := range b[2:6] {
			if !(c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F') {
				return 0
			}
		}
		return 6
	}
	return 0
}

// number scans by the JSON grammar and refuses what overflows a float64
// (SEC-50): another JSON reader would see Infinity.
func (s *scanner) number() error {
	data, i := s.data, s.pos
	start := i
	if data[i] == '-' {
		i++
	}
	digits := i
	switch {
	case i < len(data) && data[i] == '0':
		i++
	case i < len(data) && data[i] >= '1' && data[i] <= '9':
		for i < len(data) && data[i] >= '0' && data[i] <= '9' {
			i++
		}
	default:
		s.pos = i
		return s.fail()
	}
	whole := i - digits
	if i < len(data) && data[i] == '.' {
		i++
		from := i
		for i < len(data) && data[i] >= '0' && data[i] <= '9' {
			i++
		}
		if i == from {
			s.pos = i
			return s.fail()
		}
	}
	exponent := false
	if i < len(data) && (data[i] == 'e' || data[i] == 'E') {
		exponent = true
		i++
		if i < len(data) && (data[i] == '+' || data[i] == '-') {
			i++
		}
		from := i
		for i < len(data) && data[i] >= '0' && data[i] <= '9' {
			i++
		}
		if i == from {
			s.pos = i
			return s.fail()
		}
	}
	if exponent || whole > 308 {
		if _, err := strconv.ParseFloat(string(data[start:i]), 64); err != nil {
			return malformed("number out of range")
		}
	}
	s.pos = i
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
	var refs *references
	if attachments > 0 {
		refs = &references{used: make([]bool, attachments)}
		s.placeholder = refs.take
	}
	s.blanks()
	if s.pos >= len(data) || data[s.pos] != '[' {
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
