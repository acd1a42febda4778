package wsconn

import "net/http"

const (
	deflateName = "permessage-deflate"

	// deflateOffer is what our client offers and, as no context is ever taken
	// over, also what our server answers (RFC 7692 §7.1.1).
	deflateOffer = deflateName + "; server_no_context_takeover; client_no_context_takeover"
)

// deflateParams is a permessage-deflate element taken apart; 0 bits = absent.
type deflateParams struct {
	serverNoTakeover, clientNoTakeover bool
	serverBits, clientBits             int
	clientBitsBare                     bool // client_max_window_bits without a value
}

// parseDeflate reads the parameters of e. ok is false when one is unknown,
// repeated or out of range: then the element is to be declined.
func parseDeflate(e extension) (d deflateParams, ok bool) {
	for {
		name, value, hasValue, more, ok := e.param()
		if !ok {
			return d, false
		}
		if !more {
			return d, true
		}
		switch name {
		case "server_no_context_takeover":
			if hasValue || d.serverNoTakeover {
				return d, false
			}
			d.serverNoTakeover = true
		case "client_no_context_takeover":
			if hasValue || d.clientNoTakeover {
				return d, false
			}
			d.clientNoTakeover = true
		case "server_max_window_bits":
			bits, ok := windowBits(value)
			if !ok || d.serverBits != 0 {
				return d, false
			}
			d.serverBits = bits
		case "client_max_window_bits":
			if d.clientBits != 0 || d.clientBitsBare {
				return d, false
			}
			if !hasValue {
				d.clientBitsBare = true
				break
			}
			bits, ok := windowBits(value)
			if !ok {
				return d, false
			}
			d.clientBits = bits
		default:
			return d, false
		}
	}
}

func windowBits(s string) (int, bool) {
	switch {
	case len(s) == 1 && (s[0] == '8' || s[0] == '9'):
		return int(s[0] - '0'), true
	case len(s) == 2 && s[0] == '1' && s[1] >= '0' && s[1] <= '5':
		return 10 + int(s[1]-'0'), true
	}
	return 0, false
}

// acceptDeflate picks the first permessage-deflate offer of a client that we can
// serve and returns the answer to it; "" when there is none. Our compressor always
// uses the full window, so an offer that asks for a smaller one is declined. That
// a client restricts its own window needs no answer: any window fits ours.
func acceptDeflate(values []string) string {
	for _, v := range values {
		list := extensionList{s: v}
		for e, ok := list.next(); ok; e, ok = list.next() {
			if !equalFold(e.name, deflateName) {
				continue
			}
			d, ok := parseDeflate(e)
			switch {
			case !ok || d.serverBits != 0 && d.serverBits != 15:
			case d.serverBits == 15:
				return deflateOffer + "; server_max_window_bits=15"
			default:
				return deflateOffer
			}
		}
	}
	return ""
}

// DeflateAccepted reports whether the answer that a [Dial] with Deflate returned
// switches permessage-deflate on.
func DeflateAccepted(answer *http.Response) bool {
	on, ok := answeredDeflate(answer.Header["Sec-Websocket-Extensions"], true)
	return on && ok
}

// answeredDeflate checks a server's answer to our offer: at most our extension,
// on terms we can keep. ok is false when the server may take over context or asks
// for something we did not offer; on says that it accepted.
func answeredDeflate(values []string, offered bool) (on, ok bool) {
	for _, v := range values {
		list := extensionList{s: v}
		for e, more := list.next(); more; e, more = list.next() {
			d, fine := parseDeflate(e)
			if on || !offered || !equalFold(e.name, deflateName) || !fine ||
				!d.serverNoTakeover || d.clientBits != 0 || d.clientBitsBare {
				return false, false
			}
			on = true
		}
		if list.malformed {
			return false, false
		}
	}
	return on, true
}
