package eioclient

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"

	"github.com/go-sails/sails/internal/eioproto"
)

// maxRefusal bounds what is read of the text of a refusal, in bytes.
const maxRefusal = 64 << 10

// Polling is the HTTP side of an endpoint. Its methods may be called concurrently.
type Polling struct {
	endpoint  *Endpoint
	transport *http.Transport
	client    *http.Client
}

// Polling returns a client with connections of its own; no proxy is used. Close it.
func (e *Endpoint) Polling() *Polling {
	t := &http.Transport{
		DialContext:         e.Dial,
		TLSClientConfig:     e.TLS.Clone(),
		ForceAttemptHTTP2:   true,
		MaxIdleConnsPerHost: 2, // the poll and the POST
	}
	return &Polling{endpoint: e, transport: t, client: &http.Client{
		Transport:     t,
		Jar:           e.Jar,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// Close closes connections that are idle now; those in use close as their
// requests end.
func (p *Polling) Close() { p.transport.CloseIdleConnections() }

// Do sends one request of the polling transport. The caller closes the body.
func (p *Polling) Do(ctx context.Context, method, sid string, extra url.Values, contentType string, body []byte) (*http.Response, error) {
	u := p.endpoint.address("polling", sid, extra)
	var content io.Reader
	if body != nil {
		content = bytes.NewReader(body)
	}
	r, err := http.NewRequestWithContext(ctx, method, u.String(), content)
	if err != nil {
		return nil, err
	}
	for name, values := range p.endpoint.Header {
		r.Header[name] = values
	}
	if host := r.Header.Get("Host"); host != "" {
		r.Host = host
		r.Header.Del("Host")
	}
	if contentType != "" {
		r.Header.Set("Content-Type", contentType)
	}
	return p.client.Do(r)
}

// Get polls once and hands the packets of the answer to each, in order. An answer
// other than 200 is a *RefusedError. Data of packets may be kept.
func (p *Polling) Get(ctx context.Context, sid string, extra url.Values, each func(eioproto.Packet) error) error {
	answer, err := p.Do(ctx, http.MethodGet, sid, extra, "", nil)
	if err != nil {
		return err
	}
	defer drain(answer)
	if answer.StatusCode != http.StatusOK {
		return refusal(answer)
	}
	limit := 2 * p.endpoint.MaxMessage
	body, err := io.ReadAll(io.LimitReader(answer.Body, limit+1))
	if err != nil {
		return err
	}
	if int64(len(body)) > limit {
		return ErrTooLarge
	}
	return p.Decode(answer.Header.Get("Content-Type"), body, each)
}

// Decode takes a polling answer apart.
func (p *Polling) Decode(contentType string, body []byte, each func(eioproto.Packet) error) error {
	if p.endpoint.Revision != 3 {
		return eioproto.DecodePayload4(body, p.endpoint.MaxPackets, each)
	}
	if kind, _, _ := mime.ParseMediaType(contentType); kind == "application/octet-stream" {
		return eioproto.DecodePayload3Binary(body, p.endpoint.MaxPackets, each)
	}
	return eioproto.DecodePayload3(body, p.endpoint.MaxPackets, each)
}

// Post sends packets as one text payload and waits for the answer; anything but
// 200 is a *RefusedError.
func (p *Polling) Post(ctx context.Context, sid string, packets []Wire) error {
	answer, err := p.Do(ctx, http.MethodPost, sid, nil, "text/plain;charset=UTF-8", p.Encode(packets))
	if err != nil {
		return err
	}
	defer drain(answer)
	if answer.StatusCode != http.StatusOK {
		return refusal(answer)
	}
	return nil
}

// Encode makes a text payload of packets.
func (p *Polling) Encode(packets []Wire) []byte {
	body := make([]byte, 0, PayloadSize(packets))
	rev := p.endpoint.Revision
	for i, packet := range packets {
		data := packet.Data
		switch {
		case rev == 3:
			if packet.Binary {
				data = eioproto.AppendBase64(nil, rev, data)
			}
			body = eioproto.AppendText3(body, data)
			continue
		case i > 0:
			body = append(body, eioproto.Separator)
		}
		if packet.Binary {
			body = eioproto.AppendBase64(body, rev, data)
		} else {
			body = append(body, data...)
		}
	}
	return body
}

// PayloadSize bounds the size in bytes of a text payload of packets.
func PayloadSize(packets []Wire) int {
	n := 0
	for _, packet := range packets {
		n += packet.size()
	}
	return n
}

// Fit returns how many of packets fit into a payload of limit bytes, at least one.
func Fit(packets []Wire, limit int64) int {
	var n int64
	for i, packet := range packets {
		n += int64(packet.size())
		if n > limit && i > 0 {
			return i
		}
	}
	return len(packets)
}

// size bounds what the packet takes in a payload, framing included.
func (w Wire) size() int {
	const lengthPrefix = 8
	if w.Binary {
		return eioproto.Base64Len(3, len(w.Data)) + lengthPrefix
	}
	return len(w.Data) + lengthPrefix
}

// drain lets the connection be used again.
func drain(answer *http.Response) {
	_, _ = io.CopyN(io.Discard, answer.Body, maxRefusal)
	answer.Body.Close()
}

// refusal reads what the server says about its answer.
func refusal(answer *http.Response) *RefusedError {
	text, _ := io.ReadAll(io.LimitReader(answer.Body, maxRefusal)) // what there is of it
	var body struct {
		Code    *int   `json:"code"`
		Message string `json:"message"`
	}
	e := &RefusedError{Status: answer.StatusCode, Code: -1, Message: strings.ToValidUTF8(string(text), "\uFFFD")}
	if json.Unmarshal(text, &body) == nil && body.Code != nil {
		e.Code, e.Message = *body.Code, body.Message
	}
	return e
}
