package compat_test

import "testing"

// sailsMore explores what the scenarios of the reference suite leave out: odd
// values, every place of a token, every form of a url, every refusal. How the
// releases of sails.io.js differ is known from those, so one release plays it.
var sailsMore = sailsSuite{"./servers/conformance", "scenarios-more", "golden-more", reference, "1.2.1", ""}

// TestSailsMore plays these scenarios with the current sails.io.js over both
// transports, in every variant of the server.
func TestSailsMore(t *testing.T) {
	for _, transport := range []string{"websocket", "polling"} {
		t.Run(transport, func(t *testing.T) {
			t.Parallel()
			sailsMore.play(t, sailsMore.main, transport)
		})
	}
}
