package protocol

import (
	"fmt"
	"strings"
)

// A Case is one exchange with the server.
type Case struct {
	Name string
	Do   func(*World)
}

// A Group is the cases of one subject, recorded in one file.
type Group struct {
	Name  string
	Cases []Case
}

// Groups returns all cases.
func Groups() []Group {
	return []Group{
		{"handshake", handshakeCases()},
		{"cors", corsCases()},
		{"polling4", polling4Cases()},
		{"polling3", polling3Cases()},
		{"websocket", websocketCases()},
		{"upgrade", upgradeCases()},
		{"heartbeat", heartbeatCases()},
		{"closing", closingCases()},
		{"decoding", decodingCases()},
		{"decoding3", decoding3Cases()},
		{"connecting", connectingCases()},
		{"events", eventCases()},
		{"rooms", roomCases()},
		{"reasons", reasonCases()},
		{"recovery", recoveryCases()},
	}
}

// list collects cases.
type list []Case

func (l *list) add(name string, do func(*World)) { *l = append(*l, Case{name, do}) }

// numbered names a row of a table after what it is about.
func numbered(i int, what string) string {
	const most = 60
	what = strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return '.'
		}
		return r
	}, what)
	if len(what) > most {
		what = what[:most]
	}
	return fmt.Sprintf("%02d %s", i+1, what)
}
