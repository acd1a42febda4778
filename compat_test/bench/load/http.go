package load

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Page is a plain HTTP request that is made again and again.
type Page struct {
	Method, Path string
	Body         string // JSON; "" sends none
	// Accept tells whether the body of an answer with a status of 2xx is right.
	Accept func(body []byte) bool
}

// visitor is a kept-alive connection that asks for a page as soon as it has it.
type visitor struct {
	*socket
	load *pageLoad
	busy bool
}

type pageLoad struct {
	page       Page
	request    []byte
	ops, wrong int64
	waiting    int
	over       bool
}

// ClosedPages keeps one request for the page outstanding on each of n connections,
// which it opens and closes.
func (l *Loop) ClosedPages(t *Target, n int, page Page, w Window) (*Sample, error) {
	k := &pageLoad{page: page}
	// Compressed answers would measure the compressor, which not every server has.
	headers := strings.Replace(browserHeaders, "Accept-Encoding: gzip, deflate\r\n", "", 1)
	k.request = fmt.Appendf(nil, "%s %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nOrigin: http://127.0.0.1:%d%s", page.Method, page.Path, t.Port, t.Port, headers)
	if page.Body != "" {
		k.request = fmt.Appendf(k.request, "Content-Type: application/json\r\nContent-Length: %d\r\n", len(page.Body))
	}
	k.request = append(append(k.request, "\r\n"...), page.Body...)
	var visitors []*visitor
	for range n {
		v := &visitor{load: k}
		s, err := l.dial(t.Port, v)
		if err != nil {
			return nil, err
		}
		v.socket = s
		visitors = append(visitors, v)
		v.ask()
	}
	s, err := l.measure(w, &k.ops, nil)
	if err != nil {
		return nil, err
	}
	k.over = true
	if err := l.settleFor(answerLimit, func() bool { return k.waiting == 0 }); err != nil {
		return nil, err
	}
	s.Lost, s.Wrong = int64(k.waiting), k.wrong
	for _, v := range visitors {
		l.close(v.socket)
	}
	return s, nil
}

func (v *visitor) ask() {
	v.busy = true
	v.load.waiting++
	v.send(v.load.request)
}

func (v *visitor) ended(error) {}

func (v *visitor) received(p []byte) (int, error) {
	head, body, taken, err := parseAnswer(p)
	if taken == 0 || err != nil {
		return 0, err
	}
	if !v.busy || !bytes.HasPrefix(head, []byte("HTTP/1.1 2")) || !v.load.page.Accept(body) {
		v.load.wrong++
	}
	v.busy = false
	v.load.waiting--
	v.load.ops++
	if !v.load.over {
		v.ask()
	}
	return taken, nil
}

// parseAnswer cuts an HTTP answer with a Content-Length or in chunks; taken 0 asks
// for more bytes.
func parseAnswer(p []byte) (head, body []byte, taken int, err error) {
	end := bytes.Index(p, headEnd)
	if end < 0 {
		return nil, nil, 0, nil
	}
	head, rest := p[:end+2], p[end+len(headEnd):]
	if value, ok := header(head, "content-length: "); ok {
		n, err := strconv.Atoi(string(value))
		if err != nil || n < 0 {
			return nil, nil, 0, errors.New("load: bad Content-Length")
		}
		if len(rest) < n {
			return nil, nil, 0, nil
		}
		return head, rest[:n], end + len(headEnd) + n, nil
	}
	if _, ok := header(head, "transfer-encoding: "); !ok {
		return nil, nil, 0, errors.New("load: answer without a length")
	}
	body, chunks, err := unchunk(rest)
	if chunks == 0 || err != nil {
		return nil, nil, 0, err
	}
	return head, body, end + len(headEnd) + chunks, nil
}
