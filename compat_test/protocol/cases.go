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
	Alone bool // the cases reach everybody: nothing else runs meanwhile
}

// Groups returns all cases.
func Groups() []Group {
	return []Group{
		{Name: "handshake", Cases: handshakeCases()},
		{Name: "native", Cases: nativeCases()},
		{Name: "cors", Cases: corsCases()},
		{Name: "polling4", Cases: polling4Cases()},
		{Name: "polling3", Cases: polling3Cases()},
		{Name: "websocket", Cases: websocketCases()},
		{Name: "upgrade", Cases: upgradeCases()},
		{Name: "heartbeat", Cases: heartbeatCases()},
		{Name: "closing", Cases: closingCases()},
		{Name: "decoding", Cases: decodingCases()},
		{Name: "decoding3", Cases: decoding3Cases()},
		{Name: "connecting", Cases: connectingCases()},
		{Name: "events", Cases: eventCases()},
		{Name: "rooms", Cases: roomCases(), Alone: true},
		{Name: "reasons", Cases: reasonCases()},
		{Name: "recovery", Cases: recoveryCases()},
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
