package action

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
)

// statusText is the text of a status as Node knows it.
func statusText(code int) string {
	switch code {
	case http.StatusRequestEntityTooLarge:
		return "Payload Too Large"
	case http.StatusRequestURITooLong:
		return "URI Too Long"
	case http.StatusRequestedRangeNotSatisfiable:
		return "Range Not Satisfiable"
	case http.StatusTeapot:
		return "I'm a Teapot"
	case 509:
		return "Bandwidth Limit Exceeded"
	}
	if text := http.StatusText(code); text != "" {
		return text
	}
	return strconv.Itoa(code)
}

// indent is JSON.stringify's indentation by two spaces.
func indent(raw json.RawMessage) []byte {
	var buf bytes.Buffer
	if json.Indent(&buf, raw, "", "  ") != nil {
		return raw
	}
	return buf.Bytes()
}

// encodeURI escapes what may not be part of a URL. With keepEscapes a valid
// escape stays as it is, as in Express' Location; without, % is escaped too, as
// JavaScript's encodeURI does.
func encodeURI(s string, keepEscapes bool) string {
	const hex = "0123456789ABCDEF"
	var out strings.Builder
	for i := range len(s) {
		c := s[i]
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9',
			c < 0x80 && strings.IndexByte(";,/?:@&=+$-_.!~*'()#", c) >= 0,
			keepEscapes && (c == '[' || c == ']' || c == '|'),
			keepEscapes && c == '%' && i+2 < len(s) && isHex(s[i+1]) && isHex(s[i+2]):
			out.WriteByte(c)
		default:
			out.WriteByte('%')
			out.WriteByte(hex[c>>4])
			out.WriteByte(hex[c&15])
		}
	}
	return out.String()
}

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}

// preferred returns the offer that an Accept header likes best, the earlier one
// if it likes several, "" if it wants none. No header likes everything.
func preferred(accept []string, offers ...string) string {
	if len(accept) == 0 {
		return offers[0]
	}
	best, bestQuality, bestRank := "", 0.0, 0
	for _, offer := range offers {
		quality, rank := accepts(accept, offer)
		if quality > bestQuality || quality == bestQuality && quality > 0 && rank > bestRank && best != "" && bestRank == 0 {
			best, bestQuality, bestRank = offer, quality, rank
		}
	}
	return best
}

// accepts returns the quality an Accept header gives to a media type, and how
// specific the entry that decided is.
func accepts(accept []string, offer string) (quality float64, rank int) {
	main, _, _ := strings.Cut(offer, "/")
	for _, line := range accept {
		for entry := range strings.SplitSeq(line, ",") {
			name, options, _ := strings.Cut(entry, ";")
			r := 0
			switch strings.ToLower(strings.TrimSpace(name)) {
			case offer:
				r = 3
			case main + "/*":
				r = 2
			case "*/*":
				r = 1
			}
			if r > rank {
				quality, rank = qualityOf(options), r
			}
		}
	}
	return quality, rank
}

func qualityOf(options string) float64 {
	for option := range strings.SplitSeq(options, ";") {
		name, value, _ := strings.Cut(option, "=")
		if strings.EqualFold(strings.TrimSpace(name), "q") {
			q, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
			if err != nil || q < 0 || q > 1 {
				return 0
			}
			return q
		}
	}
	return 1
}
