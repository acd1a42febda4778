package virtualrequest

import (
	"strconv"
	"strings"
)

// ParseError says that a message is not a virtual request. Encoded as JSON it
// is the error object of ER-1, without a stack (ER-10). The caller sends it as
// the ack's argument, or as event `sails:parseError` when there is no usable
// ack (ER-2).
type ParseError struct {
	Code    string `json:"code"`
	Name    string `json:"name"`
	Status  int    `json:"status"`
	Message string `json:"message"`
	// Details tells what is wrong, in the reference's words; at most a few KiB.
	Details string `json:"details"`
}

// Error implements error.
func (e *ParseError) Error() string {
	return "virtualrequest: " + e.Details
}

func parseError(details string) *ParseError {
	const code = "SAILS:HOOK:SOCKETS:PARSE_VIRTUAL_REQ"
	return &ParseError{
		Code:    code,
		Name:    "Error (" + code + "):",
		Status:  400,
		Message: "Failed to parse incoming socket.io request.",
		Details: details,
	}
}

// NewCallbackError is the error for an event whose second argument is neither
// absent, falsy nor an acknowledgement (ER-5). It goes out as `sails:parseError`
// even when the packet had an ack id.
func NewCallbackError() *ParseError {
	return parseError("Could not parse request- callback may be omitted... but if provided, it must be a function.")
}

// NewNoMessageError is the error for an event without arguments but with an ack
// id, of which the reference takes the acknowledgement for the message (ER-8). It
// goes out as `sails:parseError`.
func NewNoMessageError() *ParseError {
	return parseError("No url provided in request: [Function (anonymous)]")
}

// CheckSDK returns a *ParseError when version, the handshake's
// `__sails_io_sdk_version`, is below 0.11.0 or no version at all, and nil
// otherwise. An empty version counts as 0.9.0, and what follows the patch number
// is ignored (ER-6, ER-9). Call it after Parse (ER-7).
func CheckSDK(version string) error {
	if version == "" {
		version = "0.9.0"
	}
	if major, minor, ok := parseVersion(version); ok && (major > 0 || minor >= 11) {
		return nil
	}
	if len(version) > maxShown {
		version = strings.ToValidUTF8(version[:maxShown], "") + "..."
	}
	return parseError("This version of Sails is not compatible with the socket.io/sails.io.js client SDK version you are using (" +
		version + "). Please see https://sailsjs.com/documentation/upgrading/to-v-0-11 for more information-- then please continue upgrading all the way to the installed version of Sails.")
}

// maxShown bounds what a parse error repeats of a message.
const maxShown = 4096

// parseVersion reads major and minor of a semantic version: three numbers
// without leading zeros, then nothing, a pre-release or build metadata.
func parseVersion(v string) (major, minor int, ok bool) {
	v = strings.TrimSpace(v)
	v = strings.TrimLeft(v, "=v")
	parts := strings.SplitN(v, ".", 3)
	if len(parts) != 3 {
		return 0, 0, false
	}
	patch := parts[2]
	if end := strings.IndexAny(patch, "-+"); end >= 0 {
		if end == len(patch)-1 {
			return 0, 0, false
		}
		patch = patch[:end]
	}
	parts[2] = patch
	var n [3]int
	for i, p := range parts {
		if p == "" || len(p) > 9 || len(p) > 1 && p[0] == '0' || strings.Trim(p, "0123456789") != "" {
			return 0, 0, false
		}
		var err error
		if n[i], err = strconv.Atoi(p); err != nil {
			return 0, 0, false
		}
	}
	return n[0], n[1], true
}
