package protocol

import (
	"bufio"
	"crypto/sha256"
	"fmt"
	"io"
	"net"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// patience is how long an answer may take before a case gives up on it.
const patience = 3 * time.Second

// A World is a server as one case sees it. What happens is recorded in lines, with
// ids replaced by <1>, <2>, … in the order of their appearance. A World belongs to
// one goroutine, except that requests may be made in the background with Later.
type World struct {
	site    Site
	client  *http.Client
	sockets []*Socket
	asked   []string // acknowledgement ids of the server
	suffix  string   // of the names of rooms; see ownRooms

	mu     sync.Mutex
	lines  []string
	names  []string          // ids in the order of their appearance
	masked map[string]string // what is shown instead of a value
	pings  bool              // heartbeats are recorded
}

// stopped ends a case early; it has been recorded why.
type stopped struct{}

// A Site has the address ("127.0.0.1:1337") of the server of each mount ("/ext/"); ""
// is that of everything else.
type Site map[string]string

// at returns the address of the server of target, "" for one of all mounts.
func (s Site) at(target string) string {
	for mount, addr := range s {
		if mount != "" && strings.HasPrefix(target, mount) {
			return addr
		}
	}
	return s[""]
}

// Play runs a case against a site and returns what it recorded.
func Play(site Site, c Case) (lines []string) {
	transport := &http.Transport{DisableCompression: true, MaxIdleConnsPerHost: 8}
	w := &World{site: site, client: &http.Client{Transport: transport, Timeout: patience}, masked: map[string]string{}}
	defer func() {
		for _, s := range w.sockets {
			_ = s.conn.Close()
		}
		transport.CloseIdleConnections()
		lines = w.record()
	}()
	defer func() {
		if p := recover(); p != nil {
			if _, ok := p.(stopped); !ok {
				panic(p)
			}
		}
	}()
	c.Do(w)
	return nil
}

// Note records a line.
func (w *World) Note(format string, args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.lines = append(w.lines, fmt.Sprintf(format, args...))
}

// Fail records a line and ends the case.
func (w *World) Fail(format string, args ...any) {
	w.Note(format, args...)
	panic(stopped{})
}

// Mask has value shown as text.
func (w *World) Mask(value, text string) {
	if value == "" {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.masked[value] = text
}

var identifier = regexp.MustCompile(`\\?"(?:sid|pid|id)\\?":\\?"((?:/[a-z0-9-]+#)?([A-Za-z0-9_-]{18,40}))\\?"`)

// learn notices the ids in a text.
func (w *World) learn(text string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, m := range identifier.FindAllStringSubmatch(text, -1) {
		if !slices.Contains(w.names, m[2]) {
			w.names = append(w.names, m[2])
		}
	}
}

// record returns the lines, masked.
func (w *World) record() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	out := make([]string, len(w.lines))
	for i, line := range w.lines {
		for n, id := range w.names {
			line = strings.ReplaceAll(line, id, "<"+strconv.Itoa(n+1)+">")
		}
		for value, text := range w.masked {
			line = strings.ReplaceAll(line, value, text)
		}
		out[i] = line
	}
	return out
}

// show makes a body or a frame fit for a line.
func show(p []byte) string {
	const long = 600
	if len(p) > long {
		return fmt.Sprintf("%d bytes %x %s…", len(p), sha256.Sum256(p), quoted(p[:40]))
	}
	return quoted(p)
}

func quoted(p []byte) string {
	s := strconv.Quote(string(p))
	return "«" + strings.ReplaceAll(s[1:len(s)-1], `\"`, `"`) + "»"
}

// An Answer is what came back for a request.
type Answer struct {
	Status int
	Header http.Header
	Body   string
	Err    error
}

// shown are the headers that are compared; Connection and what else belongs to one
// connection is not.
var shown = []string{
	"Content-Type", "Content-Encoding", "Cache-Control", "Set-Cookie", "X-Xss-Protection", "Location",
	"Access-Control-Allow-Origin", "Access-Control-Allow-Credentials", "Access-Control-Allow-Methods",
	"Access-Control-Allow-Headers", "Access-Control-Expose-Headers", "Access-Control-Max-Age",
}

func (a *Answer) String() string {
	if a.Err != nil {
		return "failed"
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%d", a.Status)
	for _, name := range shown {
		for _, v := range a.Header[name] {
			if name != "Set-Cookie" {
				v = strings.ToLower(v)
			}
			fmt.Fprintf(&b, " [%s: %s]", name, v)
		}
	}
	if vary := varies(a.Header); vary != "" {
		fmt.Fprintf(&b, " [Vary: %s]", vary)
	}
	fmt.Fprintf(&b, " %s", show([]byte(a.Body)))
	return b.String()
}

// varies returns the elements of Vary, sorted: their order means nothing.
func varies(h http.Header) string {
	var list []string
	for _, line := range h["Vary"] {
		for v := range strings.SplitSeq(line, ",") {
			list = append(list, strings.TrimSpace(v))
		}
	}
	slices.Sort(list)
	return strings.Join(slices.Compact(list), ", ")
}

// Do makes a request without recording it. headers are names and values.
func (w *World) Do(method, target, body string, headers ...string) *Answer {
	req, err := http.NewRequest(method, "http://"+w.site.at(target), strings.NewReader(body))
	if err != nil {
		return &Answer{Err: err}
	}
	req.URL.Opaque = target // as it is written
	if body == "" {
		req.Body = http.NoBody
		req.ContentLength = 0
	}
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header[headers[i]] = append(req.Header[headers[i]], headers[i+1])
	}
	res, err := w.client.Do(req)
	if err != nil {
		return &Answer{Err: err}
	}
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(res.Body)
	a := &Answer{Status: res.StatusCode, Header: res.Header, Body: string(text), Err: err}
	w.learn(a.Body)
	w.learn(strings.Join(res.Header["Set-Cookie"], ""))
	return a
}

// Request makes a request and records it.
func (w *World) Request(method, target, body string, headers ...string) *Answer {
	a := w.Do(method, target, body, headers...)
	line := method + " " + target
	if body != "" {
		line += " " + show([]byte(body))
	}
	w.Note("%s → %s", line, a)
	return a
}

// Get and Post are Request.
func (w *World) Get(target string, headers ...string) *Answer {
	return w.Request(http.MethodGet, target, "", headers...)
}

// Post sends a text.
func (w *World) Post(target, body string, headers ...string) *Answer {
	if !slices.Contains(headers, "Content-Type") {
		headers = append(headers, "Content-Type", "text/plain;charset=UTF-8")
	}
	return w.Request(http.MethodPost, target, body, headers...)
}

// Later makes a request in the background. The function it returns waits for the
// answer and records it. It returns when the request has been written.
func (w *World) Later(method, target, body string) func() *Answer {
	conn := w.connect(target)
	_, err := fmt.Fprintf(conn, "%s %s HTTP/1.1\r\nHost: %s\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n%s", method, target, conn.RemoteAddr(), len(body), body)
	if err != nil {
		w.Fail("write: %v", err)
	}
	return func() *Answer {
		defer func() { _ = conn.Close() }()
		a := w.readAnswer(conn, method)
		w.Note("(earlier) %s %s → %s", method, target, a)
		return a
	}
}

// Pending is a poll under way whose connection can be cut.
func (w *World) Pending(target string) net.Conn {
	conn := w.connect(target)
	_, _ = fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: %s\r\n\r\n", target, conn.RemoteAddr())
	return conn
}

// connect opens a connection to the server of target.
func (w *World) connect(target string) net.Conn {
	conn, err := net.Dial("tcp", w.site.at(target))
	if err != nil {
		w.Fail("dial: %v", err)
	}
	return conn
}

func (w *World) readAnswer(conn net.Conn, method string) *Answer {
	_ = conn.SetReadDeadline(time.Now().Add(patience))
	res, err := http.ReadResponse(bufio.NewReader(conn), &http.Request{Method: method})
	if err != nil {
		return &Answer{Err: err}
	}
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(res.Body)
	a := &Answer{Status: res.StatusCode, Header: res.Header, Body: string(text), Err: err}
	w.learn(a.Body)
	return a
}

// Raw sends bytes as they are, records the first answer and whether the connection
// stays open.
func (w *World) Raw(request string) *Answer {
	_, target, _ := strings.Cut(request, " ")
	conn := w.connect(target)
	defer func() { _ = conn.Close() }()
	request = strings.ReplaceAll(request, "HOST", conn.RemoteAddr().String())
	_, _ = io.WriteString(conn, request)
	a := w.readAnswer(conn, strings.SplitN(request, " ", 2)[0])
	first, _, _ := strings.Cut(request, "\r\n")
	w.Note("raw %s → %s", first, a)
	return a
}

// Opened is a polling session.
type Opened struct {
	w     *World
	query string // of all its requests
	path  string
	eio   int
	Sid   string
}

// Open opens a polling session. extra is appended to the query.
func (w *World) Open(mount string, eio int, extra string) *Opened {
	o := &Opened{w: w, path: mount, eio: eio, query: fmt.Sprintf("?EIO=%d&transport=polling%s", eio, extra)}
	a := w.Get(mount + o.query)
	o.Sid = sidOf(a.Body)
	if o.Sid == "" {
		w.Fail("no session")
	}
	o.query += "&sid=" + o.Sid
	return o
}

var sidPattern = regexp.MustCompile(`\\?"sid\\?":\\?"([^"\\]+)`)

func sidOf(body string) string {
	if m := sidPattern.FindStringSubmatch(body); m != nil {
		return m[1]
	}
	return ""
}

// URL is where the session's requests go.
func (o *Opened) URL() string { return o.path + o.query }

// Poll records a GET.
func (o *Opened) Poll() *Answer { return o.w.Get(o.URL()) }

// Send records a POST of a payload.
func (o *Opened) Send(payload string) *Answer { return o.w.Post(o.URL(), payload) }

// SendPackets records a POST of packets.
func (o *Opened) SendPackets(packets ...string) *Answer { return o.Send(o.payload(packets)) }

func (o *Opened) payload(packets []string) string {
	if o.eio == 4 {
		return strings.Join(packets, "\x1e")
	}
	var b strings.Builder
	for _, p := range packets {
		n := 0
		for _, r := range p {
			n++
			if r > 0xffff {
				n++
			}
		}
		fmt.Fprintf(&b, "%d:%s", n, p)
	}
	return b.String()
}
