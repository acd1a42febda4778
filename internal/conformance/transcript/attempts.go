package transcript

import (
	"maps"
	"reflect"
	"slices"
)

// attempts are the events of a client that tries to connect again by itself, without
// success.
var attempts = []string{"connect_error", "connect_timeout", "reconnect_attempt", "reconnect_error", "reconnecting"}

// withoutRepeats returns what a socket has received without the repetitions in its
// vain attempts to connect: how many of them fit into a scenario is a matter of time,
// and nothing the server promises. What is different in them, and everything else,
// stays in its order.
func withoutRepeats(received []any) []any {
	out := make([]any, 0, len(received))
	var run []any // the attempts since anything else
	for _, entry := range received {
		m, _ := entry.(map[string]any)
		life, _ := m["life"].(string)
		if !slices.Contains(attempts, life) {
			run = nil
			out = append(out, entry)
			continue
		}
		if slices.ContainsFunc(run, func(before any) bool { return reflect.DeepEqual(before, entry) }) {
			continue
		}
		run = append(run, entry)
		out = append(out, entry)
	}
	return out
}

// comparableStep returns the step as it is compared.
func comparableStep(step any) any {
	m, _ := step.(map[string]any)
	sockets, ok := m["sockets"].(map[string]any)
	if !ok {
		return step
	}
	shown := make(map[string]any, len(sockets))
	for name, received := range sockets {
		if list, ok := received.([]any); ok {
			received = withoutRepeats(list)
		}
		shown[name] = received
	}
	out := maps.Clone(m)
	out["sockets"] = shown
	return out
}
