package reliability

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-sails/sails/socketio/socketioclient"
)

// abuseTime bounds one abuse.
const abuseTime = 2 * time.Second

// SEC-88: whatever one connection does, others are answered within a second, a fresh
// client can connect during it and afterwards, memory stays within 64 MB, and what it
// held is given back (bar 11).
func TestAbuse(t *testing.T) { roads(t, testAbuse) }

func testAbuse(t *testing.T, road string) {
	s := start(t, road)
	steady := s.join(overWebSocket)
	if _, err := echo(within(t, patience), steady); err != nil {
		t.Fatal(err)
	}
	polling := pollsOf(s)
	abuses := []struct {
		name string
		do   func(t *testing.T)
	}{
		{"ping flood, nothing read (SEC-26)", func(t *testing.T) {
			s.open(t, "4").flood(abuseTime, times(500_000, frame(ping, strings.Repeat("p", 125))))
		}},
		{"empty fragments (SEC-24)", func(t *testing.T) {
			r := s.open(t, "4")
			r.flood(abuseTime, times(1, frame(textPart, "4")))
			r.flood(abuseTime, times(500_000, frame(continuation, "")))
		}},
		{"lengths without bytes (SEC-22)", func(t *testing.T) {
			for range 200 {
				r := s.open(t, "4")
				r.flood(abuseTime, times(1, append([]byte{text, 0xff, 0, 0, 0, 0, 0, 0x0f, 0x42, 0x3f}, 0, 0, 0, 0, '4')))
			}
		}},
		{"a message in single bytes", func(t *testing.T) {
			one := frame(text, "42[\"echo\",\""+strings.Repeat("x", 2000)+"\"]")
			at := 0
			s.open(t, "3").flood(abuseTime, func() []byte {
				at++
				if at >= len(one) {
					return nil
				}
				return one[at-1 : at]
			})
		}},
		{"events without end, answers unread (SEC-28)", func(t *testing.T) {
			r := s.open(t, "3")
			r.flood(abuseTime, times(100_000, frame(text, `42["echo","`+strings.Repeat("x", 1000)+`"]`)))
		}},
		{"acknowledged events, answers unread (SEC-28)", func(t *testing.T) {
			r := s.open(t, "3")
			r.flood(abuseTime, times(100_000, frame(text, `421["echo","`+strings.Repeat("x", 1000)+`"]`)))
		}},
		{"deep JSON (SEC-49)", func(t *testing.T) {
			for range 20 {
				r := s.open(t, "3")
				r.flood(abuseTime, times(1, frame(text, `42["echo",`+strings.Repeat("[", 400_000))))
				if !r.gone(abuseTime) {
					t.Error("the connection is open")
				}
			}
		}},
		{"namespaces (SEC-52)", func(t *testing.T) {
			n := 0
			s.open(t, "4").flood(abuseTime, func() []byte {
				n++
				if n > 20_000 {
					return nil
				}
				return frame(text, fmt.Sprintf("40/n-%d,", n))
			})
		}},
		{"unknown namespaces (SEC-52)", func(t *testing.T) {
			n := 0
			s.open(t, "4").flood(abuseTime, func() []byte {
				n++
				if n > 20_000 {
					return nil
				}
				return frame(text, fmt.Sprintf("40/%s%d,", strings.Repeat("u", 250), n))
			})
		}},
		{"rooms (SEC-57)", func(t *testing.T) {
			n := 0
			s.open(t, "3").flood(abuseTime, func() []byte {
				n++
				if n > 50_000 {
					return nil
				}
				return frame(text, fmt.Sprintf(`42%d["join","%s%d"]`, n, strings.Repeat("r", 200), n))
			})
		}},
		{"attachments that do not come (SEC-47)", func(t *testing.T) {
			r := s.open(t, "3")
			r.flood(abuseTime, times(1, frame(text, `4510-["echo",{"_placeholder":true,"num":0}]`)))
			r.flood(abuseTime, times(9, frame(binaryFrame, "\x04"+strings.Repeat("b", 900_000))))
		}},
		{"requests that are never answered (SEC-71, SEC-72)", func(t *testing.T) {
			n := 0
			s.open(t, "3").flood(abuseTime, func() []byte {
				n++
				if n > 20_000 {
					return nil
				}
				return frame(text, fmt.Sprintf(`42%d["get",{"method":"get","url":"/never","headers":{},"data":{"pad":%q}}]`, n, strings.Repeat("p", 500)))
			})
		}},
		{"requests whose handler panics (SEC-73)", func(t *testing.T) {
			s.open(t, "3").flood(abuseTime, times(5_000, frame(text, `421["get",{"method":"get","url":"/boom","headers":{}}]`)))
		}},
		{"virtual requests that mean nothing (SEC-61)", func(t *testing.T) {
			r := s.open(t, "3")
			for _, data := range []string{`null`, `[]`, `"x"`, `{}`, `{"url":7}`, `{"url":"//x/y"}`, `{"url":"/\u0000"}`, `{"url":"/%zz"}`, `{"url":"/echo","headers":7}`, `{"url":"/echo","method":[]}`} {
				r.flood(abuseTime, times(500, frame(text, `421["get",`+data+`]`)))
			}
		}},
		{"acknowledgements nobody asked for (SEC-55)", func(t *testing.T) {
			s.open(t, "3").flood(abuseTime, times(200_000, frame(text, `43999999999[1]`)))
		}},
		{"probes that are not finished (SEC-39)", func(t *testing.T) {
			for range 300 {
				s.open(t, "4").flood(abuseTime, times(1, frame(text, "2probe")))
			}
		}},
		{"polling: bodies that do not come (SEC-16)", func(t *testing.T) {
			for range 200 {
				sid := polling.handshake(t)
				conn := s.dial(t)
				fmt.Fprintf(conn, "POST /socket.io/?EIO=4&transport=polling&sid=%s HTTP/1.1\r\nHost: %s\r\nOrigin: %s\r\nContent-Length: 900000\r\n\r\n4", sid, strings.TrimPrefix(s.URL, "http://"), s.URL)
			}
		}},
		{"polling: packets by the ten thousand (SEC-35)", func(t *testing.T) {
			for range 10 {
				sid := polling.handshake(t)
				polling.post(t, sid, strings.Repeat("3\x1e", 400_000)+"3")
				if status := polling.post(t, sid, "3"); status != 400 {
					t.Errorf("the session lives: status %d", status)
				}
			}
		}},
		{"polling: overlapping polls (SEC-40)", func(t *testing.T) {
			for range 100 {
				sid := polling.handshake(t)
				var all sync.WaitGroup
				for range 4 {
					all.Go(func() { polling.get(t, sid) })
				}
				all.Wait()
			}
		}},
		{"headers without end (SEC-10)", func(t *testing.T) {
			conn := s.dial(t)
			_, _ = io.WriteString(conn, "GET /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: x\r\n")
			(&raw{conn: conn}).flood(abuseTime, times(2_000_000, []byte("X-A: b\r\n")))
		}},
		{"silence (SEC-16)", func(t *testing.T) {
			for range 1000 {
				s.dial(t)
			}
		}},
		{"handshakes that are left alone (SEC-37)", func(t *testing.T) {
			for range 1000 {
				polling.handshake(t)
			}
		}},
	}
	for _, abuse := range abuses {
		t.Run(abuse.name, func(t *testing.T) {
			before := s.usage()
			watch := s.watch(steady)
			abuse.do(t)
			worst, highest := watch()
			began := time.Now()
			fresh := s.client(overWebSocket)
			socket := fresh.Of("/", nil)
			if err := socket.Connect(within(t, patience)); err != nil {
				t.Fatal(err)
			}
			if _, err := echo(within(t, patience), socket); err != nil {
				t.Fatal(err)
			}
			connecting := time.Since(began)
			_ = fresh.Close()
			<-fresh.Done()
			grown := highest - before.residentKB
			t.Logf("slowest echo beside it %v, a fresh client %v, %.1f MB more", worst, connecting, float64(grown)/1000)
			if worst > time.Second || connecting > time.Second {
				t.Error("others waited")
			}
			if grown > 64_000 {
				t.Error("memory")
			}
		})
	}
}

// watch lets a well-behaved client ask for echoes until the function returned is
// called, which tells the longest wait and the most memory the server has taken (KB).
func (s *server) watch(steady *socketioclient.Socket) func() (time.Duration, int) {
	over, done := make(chan struct{}), make(chan struct{})
	worst, highest := time.Duration(0), 0
	ctx := within(s.t, 2*patience)
	go func() {
		defer close(done)
		for running := true; running; {
			select {
			case <-over:
				running = false
			case <-time.After(20 * time.Millisecond):
			}
			took, err := echo(ctx, steady)
			if err != nil {
				s.t.Errorf("the steady client: %v", err)
				return
			}
			worst = max(worst, took)
			highest = max(highest, s.resident())
		}
	}()
	return func() (time.Duration, int) {
		close(over)
		<-done
		return worst, highest
	}
}

// SEC-88, bar 11: what abusers held is free once they are gone.
func TestAbuse_LeavesNothing(t *testing.T) { roads(t, testAbuseLeavesNothing) }

func testAbuseLeavesNothing(t *testing.T, road string) {
	s := start(t, road)
	before := s.usage()
	for range often(30, 1000) {
		var all sync.WaitGroup
		for _, eio := range []string{"3", "4"} {
			for _, p := range []string{
				`42["echo"`, `45 `, "9", "", `4510-["echo",{"_placeholder":true,"num":0}]`, `421["get",{"url":"/never"}]`, "41", "1", "2probe", "5",
				`42` + strings.Repeat("9", 400) + `["echo"]`, "40/nope,", `42["connect"]`, `42["disconnecting",1]`, "46", "4{", `44"x"`, "\x00",
			} {
				all.Go(func() {
					conn := s.open(t, eio)
					conn.flood(abuseTime, times(3, frame(text, p)))
					_ = conn.conn.Close()
				})
			}
		}
		all.Wait()
	}
	t.Logf("before %v, after %v", before, s.settles(before, 10*time.Second))
}

// polls is a polling client at the level of requests.
type polls struct {
	s    *server
	host string
}

func pollsOf(s *server) *polls { return &polls{s: s, host: strings.TrimPrefix(s.URL, "http://")} }

// request writes one request and returns status and body.
func (p *polls) request(t *testing.T, method, query, body string) (int, string) {
	conn := p.s.dial(t)
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(patience))
	fmt.Fprintf(conn, "%s /socket.io/?transport=polling&EIO=4%s HTTP/1.1\r\nHost: %s\r\nOrigin: %s\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s",
		method, query, p.host, p.s.URL, len(body), body)
	answer, _ := io.ReadAll(conn)
	status := 0
	_, _ = fmt.Sscanf(string(answer), "HTTP/1.1 %d", &status)
	_, content, _ := bytes.Cut(answer, []byte("\r\n\r\n"))
	return status, string(content)
}

func (p *polls) handshake(t *testing.T) string {
	_, body := p.request(t, "GET", "", "")
	_, rest, _ := strings.Cut(body, `"sid":"`)
	sid, _, ok := strings.Cut(rest, `"`)
	if !ok {
		t.Errorf("handshake answered %q", body)
	}
	return sid
}

func (p *polls) post(t *testing.T, sid, body string) int {
	status, _ := p.request(t, "POST", "&sid="+sid, body)
	return status
}

func (p *polls) get(t *testing.T, sid string) int {
	conn, err := net.DialTimeout("tcp4", p.host, patience)
	if err != nil {
		return 0
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(abuseTime))
	fmt.Fprintf(conn, "GET /socket.io/?transport=polling&EIO=4&sid=%s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n", sid, p.host)
	status := 0
	_, _ = fmt.Fscanf(conn, "HTTP/1.1 %d", &status)
	return status
}
