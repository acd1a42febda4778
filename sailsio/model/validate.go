package model

import (
	"fmt"
	"math"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// given returns the names of the rules that are on, in the order of the fields.
func (v *Validations) given() []string {
	var names []string
	for _, rule := range v.rules() {
		names = append(names, rule.name)
	}
	return names
}

// rule is one validation that is on: check returns "" for a value that passes
// and otherwise what is wrong with it, in the words clients of Sails know.
type rule struct {
	name      string
	passEmpty bool // the empty string is not checked
	check     func(x any) string
}

func (v *Validations) rules() []rule {
	var list []rule
	add := func(on bool, name string, passEmpty bool, check func(x any) string) {
		if on {
			list = append(list, rule{name, passEmpty, check})
		}
	}
	add(v.IsBoolean, "IsBoolean", false, func(x any) string { return unless(is[bool](x), "Value (%s) was not a boolean.", x) })
	add(v.IsNumber, "IsNumber", false, func(x any) string { return unless(is[float64](x), "Value (%s) was not a number.", x) })
	add(v.IsString, "IsString", false, func(x any) string { return unless(is[string](x), "Value (%s) was not a string.", x) })
	add(v.IsInteger, "IsInteger", false, func(x any) string {
		f, ok := x.(float64)
		return unless(ok && f == math.Trunc(f) && math.Abs(f) < 1e21, "Value (%s) was not an integer.", x) // as JavaScript writes it
	})
	add(v.IsNotEmptyString, "IsNotEmptyString", false, func(x any) string { return unless(x != "", "Value (%s) was an empty string.", x) })
	add(v.Max != nil, "Max", false, func(x any) string {
		f, ok := x.(float64)
		if !ok {
			return "Value was not a number."
		}
		return unless(f <= *v.Max, "Value (%s) was greater than the configured maximum ("+FormatID(*v.Max)+")", x)
	})
	add(v.Min != nil, "Min", false, func(x any) string {
		f, ok := x.(float64)
		if !ok {
			return "Value was not a number."
		}
		return unless(f >= *v.Min, "Value (%s) was less than the configured minimum ("+FormatID(*v.Min)+")", x)
	})
	add(!v.IsAfter.IsZero(), "IsAfter", true, func(x any) string {
		t, ok := moment(x)
		return unless(ok && t.After(v.IsAfter), "Value (%s) was before the configured time ("+jsDate(v.IsAfter)+")", x)
	})
	add(!v.IsBefore.IsZero(), "IsBefore", true, func(x any) string {
		t, ok := moment(x)
		return unless(ok && t.Before(v.IsBefore), "Value (%s) was after the configured time ("+jsDate(v.IsBefore)+")", x)
	})
	add(v.IsCreditCard, "IsCreditCard", true, text(isCreditCard, func(string) string { return "Value was not a valid credit card." }))
	add(v.IsEmail, "IsEmail", true, text(isEmail, quoted("a valid email address")))
	add(v.IsHexColor, "IsHexColor", true, text(hexColor.MatchString, quoted("a valid hex color")))
	add(v.IsIn != nil, "IsIn", true, func(x any) string {
		return unless(listed(v.IsIn, x), "Value (%s) was not in the configured whitelist ("+join(v.IsIn)+")", x)
	})
	add(v.IsIP, "IsIP", true, text(isIP, quoted("a valid IP address")))
	add(v.IsNotIn != nil, "IsNotIn", true, func(x any) string {
		return unless(!listed(v.IsNotIn, x), "Value (%s) was in the configured blacklist ("+join(v.IsNotIn)+")", x)
	})
	add(v.IsURL, "IsURL", true, text(isURL, quoted("a valid URL")))
	add(v.IsUUID, "IsUUID", true, text(isUUID, quoted("a valid UUID")))
	add(v.MinLength != nil, "MinLength", true, text(
		func(s string) bool { return utf16Len(s) >= *v.MinLength },
		func(s string) string {
			return fmt.Sprintf("Value (%s) was shorter than the configured minimum length (%d)", inspect(s), *v.MinLength)
		}))
	add(v.MaxLength != nil, "MaxLength", true, text(
		func(s string) bool { return utf16Len(s) <= *v.MaxLength },
		func(s string) string {
			// The reference counts downwards: the difference is negative.
			return fmt.Sprintf("Value was %d characters longer than the configured maximum length (%d)", *v.MaxLength-utf16Len(s), *v.MaxLength)
		}))
	add(v.Regex != nil, "Regex", true, func(x any) string {
		s, ok := x.(string)
		if !ok {
			return "Value was not a string."
		}
		return unless(v.Regex.MatchString(s), "Value (%s) did not match the configured regular expression (/"+v.Regex.String()+"/)", x)
	})
	add(v.Custom != nil, "Custom", false, func(x any) string {
		if err := v.Custom(x); err != nil {
			if msg := err.Error(); msg != "" {
				return msg
			}
			return fmt.Sprintf("Value (%s) failed custom validation.", inspect(x))
		}
		return ""
	})
	return list
}

// applies says for which types a rule makes sense.
func applies(name string, t Type) bool {
	if t == JSON || t == Ref {
		return true
	}
	switch name {
	case "IsBoolean", "IsNumber", "IsString":
		return false
	case "IsInteger", "Max", "Min":
		return t == Number
	case "IsIn", "IsNotIn", "IsAfter", "IsBefore":
		return t == String || t == Number
	case "Custom":
		return t == String || t == Number || t == Boolean
	}
	return t == String
}

// violations returns what a value breaks, one sentence each.
func (v *Validations) violations(x any) []string {
	var found []string
	for _, r := range v.rules() {
		if x == "" && r.passEmpty {
			continue
		}
		if msg := r.check(x); msg != "" {
			found = append(found, msg)
		}
	}
	return found
}

func is[T any](x any) bool {
	_, ok := x.(T)
	return ok
}

func unless(ok bool, format string, x any) string {
	if ok {
		return ""
	}
	// The format may hold configuration with a percent sign, so it is no format.
	return strings.Replace(format, "%s", inspect(x), 1)
}

func text(valid func(string) bool, message func(string) string) func(any) string {
	return func(x any) string {
		s, ok := x.(string)
		if !ok {
			return "Value was not a string."
		}
		if valid(s) {
			return ""
		}
		return message(s)
	}
}

func quoted(what string) func(string) string {
	return func(s string) string { return "Value (" + inspect(s) + ") was not " + what + "." }
}

func listed(list []any, x any) bool {
	return slices.ContainsFunc(list, func(item any) bool { return Equal(item, x) })
}

func join(list []any) string {
	parts := make([]string, len(list))
	for i, item := range list {
		if item == nil {
			continue
		}
		if parts[i] = FormatID(item); parts[i] == "" {
			parts[i] = fmt.Sprint(item)
		}
	}
	return strings.Join(parts, ", ")
}

// utf16Len is the length of a string as JavaScript counts it.
func utf16Len(s string) int {
	n := 0
	for _, r := range s {
		if r > 0xffff {
			n++
		}
		n++
	}
	return n
}

func moment(x any) (time.Time, bool) {
	switch x := x.(type) {
	case float64:
		if math.Abs(x) > 8.64e15 || x != x {
			return time.Time{}, false
		}
		return time.UnixMilli(int64(x)), true
	case string:
		for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999", "2006-01-02T15:04", time.DateOnly, "2006-01", "2006", time.RFC1123, time.RFC1123Z, time.DateTime, "Jan 2, 2006", "January 2, 2006", "2006/01/02", "01/02/2006"} {
			if t, err := time.Parse(layout, x); err == nil {
				return t, true
			}
		}
	}
	return time.Time{}, false
}

func jsDate(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

var (
	hexColor   = regexp.MustCompile(`(?i)^#?([0-9a-f]{3}|[0-9a-f]{4}|[0-9a-f]{6}|[0-9a-f]{8})$`)
	uuidForm   = regexp.MustCompile(`(?i)^[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)
	topLevel   = regexp.MustCompile(`(?i)^([a-z\x{A1}-\x{A8}\x{AA}-\x{D7FF}\x{F900}-\x{FDCF}\x{FDF0}-\x{FFEF}]{2,}|xn[a-z0-9-]{2,})$`)
	hostLabel  = regexp.MustCompile(`(?i)^[a-z0-9\x{A1}-\x{FF00}\x{FF5F}-\x{FFFF}-]+$`)
	mailAtom   = regexp.MustCompile("(?i)^[a-z\\d!#$%&'*+\\-/=?^_`{|}~\u00A1-\uD7FF\uF900-\uFDCF\uFDF0-\uFFEF]+$")
	mailQuoted = regexp.MustCompile(`^(?:[\s\x01-\x08\x0b\x0c\x0e-\x1f\x7f\x21\x23-\x5b\x5d-\x7e\x{A0}-\x{D7FF}\x{F900}-\x{FDCF}\x{FDF0}-\x{FFEF}]|\\[\x01-\x09\x0b-\x7f\x{A0}-\x{FFEF}])*$`)
	localhost  = regexp.MustCompile(`^(https?://)?localhost(:|/|$)`)
	scheme     = regexp.MustCompile(`(?i)^([a-z][a-z0-9+\-.]*):`)
	userInfo   = regexp.MustCompile(`^[a-zA-Z0-9\-_.%:]*$`)
	portForm   = regexp.MustCompile(`^[0-9]{1,5}$`)
	cardForm   = regexp.MustCompile(`^(?:3[47][0-9]{13}|3(?:0[0-5]|[68][0-9])[0-9]{11}|6(?:011|5[0-9][0-9])[0-9]{12,15}|(?:2131|1800|35\d{3})\d{11}|5[1-5][0-9]{14}|(?:222[1-9]|22[3-9][0-9]|2[3-6][0-9]{2}|27[01][0-9]|2720)[0-9]{12}|6[27][0-9]{14}|81[0-9]{14,17}|4[0-9]{12}(?:[0-9]{3,6})?)$`)
)

func isUUID(s string) bool {
	return uuidForm.MatchString(s) || s == "00000000-0000-0000-0000-000000000000" || strings.EqualFold(s, "ffffffff-ffff-ffff-ffff-ffffffffffff")
}

func isIP(s string) bool {
	_, err := netip.ParseAddr(s)
	return err == nil
}

// isHost reports whether s is a fully qualified domain name; without
// needTopLevel a single label will do.
func isHost(s string, needTopLevel bool) bool {
	labels := strings.Split(s, ".")
	last := labels[len(labels)-1]
	if needTopLevel && (len(labels) < 2 || !topLevel.MatchString(last)) {
		return false
	}
	if strings.Trim(last, "0123456789") == "" {
		return false
	}
	for _, label := range labels {
		if len(label) > 63 || !hostLabel.MatchString(label) || label[0] == '-' || label[len(label)-1] == '-' {
			return false
		}
	}
	return true
}

func isEmail(s string) bool {
	at := strings.LastIndexByte(s, '@')
	if at < 1 || utf16Len(s) > 254 || !utf8.ValidString(s) {
		return false
	}
	user, host := s[:at], s[at+1:]
	if len(user) > 64 || !isHost(host, true) {
		return false
	}
	if len(user) > 1 && user[0] == '"' && user[len(user)-1] == '"' {
		return mailQuoted.MatchString(user[1 : len(user)-1])
	}
	for atom := range strings.SplitSeq(user, ".") {
		if !mailAtom.MatchString(atom) {
			return false
		}
	}
	return true
}

func isURL(s string) bool {
	if s == "" || utf16Len(s) > 2084 || strings.ContainsAny(s, " \t\r\n\v\f<>") || strings.HasPrefix(s, "mailto:") {
		return false
	}
	local := localhost.MatchString(s)
	s, _, _ = strings.Cut(s, "#")
	s, _, _ = strings.Cut(s, "?")
	explicit := false
	if m := scheme.FindStringSubmatch(s); m != nil {
		rest := s[len(m[0]):]
		if !authorityWithoutScheme(rest) {
			switch strings.ToLower(m[1]) {
			case "http", "https", "ftp":
			default:
				return false
			}
			s, explicit = rest, true
		}
	}
	if rest, found := strings.CutPrefix(s, "//"); found {
		if !explicit {
			return false
		}
		s = rest
	}
	authority, _, _ := strings.Cut(s, "/")
	if user, host, found := strings.Cut(authority, "@"); found {
		if user == "" || user == ":" || strings.Count(user, ":") > 1 {
			return false
		}
		authority = host
	}
	host, port, hasPort := authority, "", false
	if strings.HasPrefix(authority, "[") {
		end := strings.IndexByte(authority, ']')
		if end < 0 {
			return false
		}
		addr, err := netip.ParseAddr(authority[1:end])
		if err != nil || !addr.Is6() {
			return false
		}
		if rest := authority[end+1:]; rest != "" {
			if rest[0] != ':' {
				return false
			}
			return validPort(rest[1:])
		}
		return true
	}
	host, port, hasPort = strings.Cut(authority, ":")
	if hasPort && port != "" && !validPort(port) {
		return false
	}
	return isIP(host) || isHost(host, !local)
}

// authorityWithoutScheme tells "user:pass@host" and "host:80" from "scheme:...".
func authorityWithoutScheme(afterColon string) bool {
	if strings.HasPrefix(afterColon, "//") {
		return false
	}
	beforeSlash, _, _ := strings.Cut(afterColon, "/")
	if user, _, found := strings.Cut(beforeSlash, "@"); found {
		return userInfo.MatchString(user)
	}
	return afterColon != "" && afterColon[0] >= '0' && afterColon[0] <= '9'
}

func validPort(s string) bool {
	return portForm.MatchString(s) && strings.Trim(s, "0") != "" && (len(s) < 5 || s <= "65535")
}

func isCreditCard(s string) bool {
	digits := strings.NewReplacer("-", "", " ", "").Replace(s)
	if !cardForm.MatchString(digits) {
		return false
	}
	sum := 0
	for i := range len(digits) {
		d := int(digits[len(digits)-1-i] - '0')
		if i%2 == 1 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return sum%10 == 0
}
