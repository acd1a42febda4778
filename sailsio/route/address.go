package route

import (
	"fmt"
	"regexp"
	"strings"
)

// methods is a set of HTTP methods.
type methods uint16

const (
	methodGet methods = 1 << iota
	methodPost
	methodPut
	methodDelete
	methodPatch
	methodHead
	methodOptions
	methodTrace
	methodConnect
	methodOther

	methodAll = methodOther<<1 - 1
	// methodDefault is what an address without a verb answers (VR-9).
	methodDefault = methodGet | methodPost | methodPut | methodDelete | methodPatch
)

func methodOf(name string) methods {
	switch name {
	case "GET":
		return methodGet
	case "POST":
		return methodPost
	case "PUT":
		return methodPut
	case "DELETE":
		return methodDelete
	case "PATCH":
		return methodPatch
	case "HEAD":
		return methodHead
	case "OPTIONS":
		return methodOptions
	case "TRACE":
		return methodTrace
	case "CONNECT":
		return methodConnect
	}
	return methodOther
}

// answers reports whether a route for the set answers a request of method m: a
// HEAD request is answered by what answers GET (RS-30).
func (set methods) answers(m methods) bool {
	return set&m != 0 || m == methodHead && set&methodGet != 0
}

// address is a parsed route address.
type address struct {
	verb    string // lower case; "" when the address has none
	methods methods
	path    string   // "" for a regular expression
	expr    string   // the regular expression, "" for a path
	names   []string // of the expression's groups
}

var (
	addressVerb   = regexp.MustCompile(`(?i)^\s*(all|get|post|put|delete|trace|options|connect|patch|head)\s+`)
	addressRegexp = regexp.MustCompile(`^r\|(.*)\|(.*)$`)
	lengthParam   = regexp.MustCompile(`/:length($|/)`)
	endsInParam   = regexp.MustCompile(`:[^/]+/?$`)
)

const maxAddress = 4096

func parseAddress(s string) (address, error) {
	if len(s) > maxAddress {
		return address{}, fmt.Errorf("route: address longer than %d bytes", maxAddress)
	}
	verb := ""
	rest := s
	if m := addressVerb.FindStringSubmatch(s); m != nil {
		verb, rest = strings.ToLower(m[1]), s[len(m[0]):]
	}
	rest = strings.TrimSpace(rest)
	a := address{verb: verb}
	switch verb {
	case "":
		a.methods = methodDefault
	case "all":
		a.methods = methodAll
	default:
		a.methods = methodOf(strings.ToUpper(verb))
	}
	if m := addressRegexp.FindStringSubmatch(rest); m != nil {
		if m[1] == "" {
			return a, fmt.Errorf("route: address %q: empty regular expression", s)
		}
		a.expr = m[1]
		if m[2] != "" {
			a.names = strings.Split(m[2], ",")
		}
		return a, nil
	}
	if rest == "*" {
		rest = "/*"
	}
	if !strings.HasPrefix(rest, "/") {
		return a, fmt.Errorf("route: address %q: the path must begin with /; a redirect or an unknown verb perhaps?", s)
	}
	if strings.ContainsAny(rest, " \t\r\n#") {
		return a, fmt.Errorf("route: address %q: a path holds no blanks and no fragment", s)
	}
	if lengthParam.MatchString(rest) {
		return a, fmt.Errorf("route: address %q: a parameter cannot be called length in Sails; use another name", s)
	}
	a.path = rest
	return a, nil
}
