//go:build linux

package direct_test

import (
	"bufio"
	"bytes"
	"compress/flate"
	"encoding/binary"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/go-sails/sails/engineio"
)

// mirror sends every message back as it came.
type mirror struct{}

func (mirror) OnOpen(*engineio.Session) error { return nil }
func (mirror) OnMessage(s *engineio.Session, data []byte, isBinary bool) {
	if isBinary {
		_ = s.Send(engineio.Binary(data))
		return
	}
	_ = s.Send(engineio.Text(string(data)))
}
func (mirror) OnClose(*engineio.Session, engineio.CloseReason) {}

// frameLimit is the largest message of the servers of frames.
const frameLimit = 1000

// serveFrames starts a server for WebSockets on each road.
func serveFrames(t testing.TB) (plain, ours *server) {
	start := func(road string) *server {
		engine, err := engineio.NewServer(mirror{}, engineio.Config{MaxPayload: frameLimit, MaxPackets: 50, CompressWebSocket: true})
		if err != nil {
			t.Fatal(err)
		}
		s := serve(t, road, &http.Server{Handler: engine})
		t.Cleanup(func() { cutOff(engine) })
		return s
	}
	return start(""), start("direct")
}

var sidIn = regexp.MustCompile(`"sid":"[^"]*"`)

// frames sends what follows a handshake in pieces, the first together with it, and
// returns the frames that come back until the connection ends. Pongs are left out:
// only the newest ping needs an answer.
func frames(t testing.TB, s *server, pieces []string) (got []string) {
	t.Helper()
	c := s.dial(t)
	defer c.Close()
	handshake := lines("GET "+wsTarget+" HTTP/1.1", "Host: a", "Connection: Upgrade", "Upgrade: websocket",
		"Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==", "Sec-WebSocket-Extensions: permessage-deflate; client_no_context_takeover")
	for i, p := range pieces {
		if i == 0 {
			p = handshake + p
		}
		if _, err := io.WriteString(c, p); err != nil {
			break
		}
	}
	r := bufio.NewReader(c)
	if res, err := http.ReadResponse(r, nil); err != nil || res.StatusCode != http.StatusSwitchingProtocols {
		return []string{fmt.Sprint("no WebSocket: ", res, err)}
	}
	for {
		head := make([]byte, 2, 10)
		if _, err := io.ReadFull(r, head); err != nil {
			if isLate(err) {
				return append(got, endLate)
			}
			return append(got, "end")
		}
		n := int(head[1])
		if n == 126 {
			head = head[:4]
			_, _ = io.ReadFull(r, head[2:])
			n = int(binary.BigEndian.Uint16(head[2:]))
		}
		p := make([]byte, n)
		if _, err := io.ReadFull(r, p); err != nil {
			return append(got, "end within a frame")
		}
		if head[0] == 0x8a {
			continue
		}
		got = append(got, fmt.Sprintf("%02x %s", head[0], sidIn.ReplaceAllString(string(p), `"sid":"…"`)))
	}
}

// cutOpen takes off the open packet. It follows the handshake a moment later, so that
// a client which goes at once may not get it.
func cutOpen(got []string) (rest []string, opened bool) {
	if strings.HasPrefix(got[0], `81 0{"sid":"…"`) {
		return got[1:], true
	}
	return got, false
}

// masked is a frame with the first byte as given, and a declared length of its own.
func masked(first byte, declared int, payload string) string {
	b := []byte{first}
	switch {
	case declared < 126:
		b = append(b, 0x80|byte(declared))
	case declared < 1<<16:
		b = binary.BigEndian.AppendUint16(append(b, 0xfe), uint16(declared))
	default:
		b = binary.BigEndian.AppendUint64(append(b, 0xff), uint64(declared))
	}
	b = append(b, 1, 2, 3, 4)
	for i := range len(payload) {
		b = append(b, payload[i]^byte(i%4+1))
	}
	return string(b)
}

func sized(first byte, payload string) string { return masked(first, len(payload), payload) }

func deflated(payload string) string {
	var b bytes.Buffer
	w, _ := flate.NewWriter(&b, 9)
	_, _ = io.WriteString(w, payload)
	_ = w.Flush()
	return string(bytes.TrimSuffix(b.Bytes(), []byte{0, 0, 0xff, 0xff}))
}

const (
	partial       = 0x01 // text, to be continued
	continued     = 0x00
	lastPart      = 0x80
	wholeText     = 0x81
	wholeBinary   = 0x82
	closing       = 0x88
	ping          = 0x89
	pong          = 0x8a
	compressed    = 0x40
	closedBroken  = "88 \x03\xea" // 1002
	closedText    = "88 \x03\xef" // 1007
	closedPolicy  = "88 \x03\xf0" // 1008
	closedTooBig  = "88 \x03\xf1" // 1009
	closedNormal  = "88 \x03\xe8" // 1000
	closedWithout = "88 "
)

var long = strings.Repeat("x", 2000)

// SEC-18 to SEC-26 on both roads, from the first byte behind the handshake on. A
// WebSocket that is not at fault is ended by a close frame.
func TestRoads_Frames(t *testing.T) {
	t.Parallel()
	plain, ours := serveFrames(t)
	for _, c := range []struct {
		name, send, echoes string // echoes are joined by "|"
		end                string
	}{
		{"whole", sized(wholeText, "4a") + sized(wholeBinary, "b"), "81 4a|82 b", ""},
		{"parts", sized(partial, "4") + sized(continued, "") + sized(continued, "a") + sized(lastPart, "b"), "81 4ab", ""},
		{"control frames within parts (RFC 6455 5.4)", sized(partial, "4") + sized(ping, "p") + sized(continued, "a") + sized(pong, "p") + sized(lastPart, "b"), "81 4ab", ""},
		{"close within parts", sized(partial, "4a") + sized(closing, ""), "", closedWithout},
		{"a message within parts", sized(partial, "4") + sized(wholeText, "4a"), "", closedBroken},
		{"a part of nothing", sized(lastPart, "4"), "", closedBroken},
		{"unmasked", "\x81\x024a", "", closedBroken},
		{"behind a good one", sized(wholeText, "4a") + "\x81\x024a", "81 4a", closedBroken},
		{"reserved bit 2", sized(wholeText|0x20, "4a"), "", closedBroken},
		{"reserved bit 3", sized(wholeText|0x10, "4a"), "", closedBroken},
		{"compressed control frame", sized(ping|compressed, ""), "", closedBroken},
		{"compressed continuation", sized(partial, "4") + sized(lastPart|compressed, "a"), "", closedBroken},
		{"reserved opcode", sized(0x83, "4a"), "", closedBroken},
		{"reserved control opcode", sized(0x8b, ""), "", closedBroken},
		{"long ping", sized(ping, long[:126]), "", closedBroken},
		{"ping in parts", sized(0x09, ""), "", closedBroken},
		{"not the shortest length", "\x81\xfe\x00\x02\x01\x02\x03\x04" + sized(0, "4a")[6:], "", closedBroken},
		{"not the shortest long length", "\x81\xff\x00\x00\x00\x00\x00\x00\x00\x02\x01\x02\x03\x04", "", closedBroken},
		{"negative length (SEC-22)", "\x81\xff\x80\x00\x00\x00\x00\x00\x00\x02\x01\x02\x03\x04", "", closedBroken},
		{"declared, not sent (SEC-22)", masked(wholeText, frameLimit+2, ""), "", closedTooBig},
		{"declared enormous", masked(wholeText, 1<<62, ""), "", closedTooBig},
		{"sum of parts (SEC-23)", sized(partial, "4"+long[:900]) + sized(lastPart, long[:200]), "", closedTooBig},
		{"empty parts (SEC-24)", sized(partial, "4") + strings.Repeat(sized(continued, ""), 60), "", closedPolicy},
		{"not UTF-8 (SEC-20)", sized(wholeText, "4\xff"), "", closedText},
		{"character cut by parts", sized(partial, "4\xe2\x82") + sized(lastPart, "\xac"), "81 4€", ""},
		{"bad character cut by parts", sized(partial, "4\xe2\x82") + sized(lastPart, "a"), "", closedText},
		{"surrogate", sized(wholeText, "4\xed\xa0\x80"), "", closedText},
		{"character that does not end", sized(wholeText, "4\xe2\x82"), "", closedText},
		{"compressed", sized(wholeText|compressed, deflated("4"+long[:500])), "81 4" + long[:500], ""},
		{"compressed in parts", sized(partial|compressed, deflated("4abc")[:2]) + sized(lastPart, deflated("4abc")[2:]), "81 4abc", ""},
		{"bomb (SEC-25)", sized(wholeText|compressed, deflated("4"+strings.Repeat("x", 500_000))), "", closedTooBig},
		{"broken compression (SEC-25)", sized(wholeText|compressed, "\xff\xff\xff\xff"), "", closedText},
		{"compressed, not UTF-8", sized(wholeText|compressed, deflated("4\xff")), "", closedText},
		{"close", sized(closing, "\x03\xe8bye"), "", closedNormal},
		{"close without a code", sized(closing, ""), "", closedWithout},
		{"close of an application", sized(closing, "\x0f\xa0"), "", "88 \x0f\xa0"},
		{"close of one byte (SEC-19)", sized(closing, "\x03"), "", closedBroken},
		{"close with a code that is not sent", sized(closing, "\x03\xed"), "", closedBroken},
		{"close with a code of nobody", sized(closing, "\x0b\xb7"), "", closedBroken},
		{"close with a low code", sized(closing, "\x00\x00"), "", closedBroken},
		{"close with a high code", sized(closing, "\x13\x88"), "", closedBroken},
		{"close, not UTF-8", sized(closing, "\x03\xe8\xff"), "", closedText},
		{"behind a close (SEC-19)", sized(closing, "\x03\xe8") + sized(wholeText, "4a") + "\xff\xff\xff", "", closedNormal},
		{"ping flood (SEC-26)", strings.Repeat(sized(ping, long[:125]), 2000), "", ""},
		{"unasked pongs", strings.Repeat(sized(pong, long[:125]), 2000), "", ""},
		{"empty message", sized(wholeText, ""), "", closedWithout},
		{"ping of the wrong side (SEC-42)", sized(wholeText, "2"), "", closedWithout},
		{"unknown type (SEC-42)", sized(wholeText, "9"), "", closedWithout},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			send, want := c.send, c.end
			if want == "" {
				// An answer must not be lost to the end: a fault lets those before it leave.
				send, want = send+"\x81\x00", closedBroken
			}
			for road, s := range map[string]*server{"net/http": plain, "direct": ours} {
				for _, pieces := range [][]string{{send}, {"", send}, cut(rand.New(rand.NewPCG(1, 2)), send, 20)} {
					got, opened := cutOpen(frames(t, s, pieces))
					var expect []string
					if c.echoes != "" {
						expect = strings.Split(c.echoes, "|")
					}
					if expect = append(expect, want, "end"); !opened && c.end == "" || !slices.Equal(got, expect) {
						t.Errorf("%s, %d pieces: got %.300q, want %.300q", road, len(pieces), got, expect)
					}
				}
			}
		})
	}
}

// frameStream makes frames, some of which are faults; it ends with one.
func frameStream(dice *rand.Rand) string {
	var b strings.Builder
	for range dice.IntN(12) {
		first := one(dice, []byte{wholeText, wholeText, wholeText, wholeBinary, partial, partial, continued, continued, lastPart, lastPart, pong, wholeText | compressed, partial | compressed})
		payload := one(dice, []string{"4a", "4", "a", "", "4€", "\xe2\x82", "\xac", "4" + long[:200], "4" + long[:600], "6", "3", deflated("4ab"), deflated("4" + long[:900])})
		if dice.IntN(40) == 0 {
			first = byte(dice.IntN(256))
		}
		declared := len(payload)
		if dice.IntN(60) == 0 {
			declared = dice.IntN(2000)
		}
		b.WriteString(masked(first, declared, payload))
	}
	return b.String() + "\x81\x00\x81\x00" + strings.Repeat("\x81\x00", 1000) // longer than what may be declared
}

// SEC-18: whatever frames come, however they are cut, has the same meaning on both
// roads.
func TestRoads_RandomFrames(t *testing.T) {
	t.Parallel()
	plain, ours := serveFrames(t)
	for part := range uint64(4) {
		t.Run("", func(t *testing.T) {
			t.Parallel()
			for seed := range uint64(50) {
				dice := rand.New(rand.NewPCG(seed, part))
				pieces := cut(dice, frameStream(dice), 6)
				want, _ := cutOpen(frames(t, plain, pieces))
				got, _ := cutOpen(frames(t, ours, pieces))
				if !slices.Equal(want, got) || slices.Contains(got, endLate) {
					t.Fatalf("stream %d of %d: %.2000q\ngot\n\t%.2000q\nnet/http gives\n\t%.2000q", seed, part, pieces, got, want)
				}
			}
		})
	}
}
