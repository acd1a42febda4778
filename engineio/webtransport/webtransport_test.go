package webtransport_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/quic-go/quic-go"
	"github.com/quic-go/quic-go/http3"
	client "github.com/quic-go/webtransport-go"

	"github.com/go-sails/sails/engineio"
	"github.com/go-sails/sails/engineio/webtransport"
	"github.com/go-sails/sails/internal/leakcheck"
)

func TestMain(m *testing.M) { leakcheck.Main(m) }

type echo struct {
	closed chan engineio.CloseReason
	opened chan *engineio.Session
}

func (e *echo) OnOpen(s *engineio.Session) error { e.opened <- s; return nil }

func (e *echo) OnMessage(s *engineio.Session, data []byte, binary bool) {
	if binary {
		_ = s.Send(engineio.Binary(data))
		return
	}
	_ = s.Send(engineio.Text(string(data)))
}

func (e *echo) OnClose(_ *engineio.Session, reason engineio.CloseReason) { e.closed <- reason }

type rig struct {
	t       *testing.T
	echo    *echo
	url     string
	polling *httptest.Server
}

func start(t *testing.T, cfg engineio.Config) *rig {
	t.Helper()
	cfg.Transports = []engineio.Transport{engineio.Polling, engineio.WebSocket, engineio.WebTransport}
	e := &echo{closed: make(chan engineio.CloseReason, 10), opened: make(chan *engineio.Session, 10)}
	engine, err := engineio.NewServer(e, cfg)
	if err != nil {
		t.Fatal(err)
	}
	udp, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := webtransport.NewServer(engine, &http3.Server{TLSConfig: certificate(t)})
	served := make(chan struct{})
	go func() { defer close(served); _ = server.Serve(udp) }()
	polling := httptest.NewServer(engine)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		_ = engine.Shutdown(ctx)
		_ = server.Close()
		_ = udp.Close()
		<-served
		polling.Close()
	})
	return &rig{t: t, echo: e, url: "https://" + udp.LocalAddr().String() + "/engine.io/", polling: polling}
}

func certificate(t *testing.T) *tls.Config {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return http3.ConfigureTLSConfig(&tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}})
}

// stream is a raw client.
type stream struct {
	t *testing.T
	*client.Stream
	session *client.Session
}

func (r *rig) dial(header http.Header) (*stream, *http.Response, error) {
	r.t.Helper()
	dialer := &client.Transport{
		TLSClientConfig: &tls.Config{InsecureSkipVerify: true, NextProtos: []string{http3.NextProtoH3}},
		QUICConfig:      &quic.Config{EnableDatagrams: true, EnableStreamResetPartialDelivery: true},
	}
	r.t.Cleanup(func() { _ = dialer.Close() })
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	res, session, err := dialer.Dial(ctx, r.url, header)
	if err != nil {
		return nil, res, err
	}
	s, err := session.OpenStreamSync(ctx)
	if err != nil {
		r.t.Fatal(err)
	}
	_ = s.SetDeadline(time.Now().Add(20 * time.Second))
	return &stream{r.t, s, session}, res, nil
}

func (s *stream) send(binary bool, data string) {
	s.t.Helper()
	head := []byte{byte(len(data))}
	if len(data) >= 126 {
		head = []byte{126, byte(len(data) >> 8), byte(len(data))}
	}
	if binary {
		head[0] |= 0x80
	}
	if _, err := s.Write(append(head, data...)); err != nil {
		s.t.Fatal(err)
	}
}

func (s *stream) next() string {
	s.t.Helper()
	var head [9]byte
	if _, err := io.ReadFull(s, head[:1]); err != nil {
		return "error: " + err.Error()
	}
	n := int(head[0] & 0x7f)
	if n == 126 {
		_, _ = io.ReadFull(s, head[1:3])
		n = int(head[1])<<8 | int(head[2])
	}
	data := make([]byte, n)
	if _, err := io.ReadFull(s, data); err != nil {
		s.t.Fatal(err)
	}
	if head[0]&0x80 != 0 {
		return fmt.Sprintf("0x%x", data)
	}
	return string(data)
}

func (s *stream) want(frames ...string) {
	s.t.Helper()
	for _, f := range frames {
		if got := s.next(); got != f {
			s.t.Fatalf("got %q, want %q", got, f)
		}
	}
}

// Spec sheet 1.7: a session of its own.
func TestSession(t *testing.T) {
	r := start(t, engineio.Config{PingInterval: 300 * time.Millisecond, PingTimeout: 10 * time.Second})
	s, _, err := r.dial(nil)
	if err != nil {
		t.Fatal(err)
	}
	s.send(false, "0")
	open := s.next()
	var handshake struct {
		SID      string
		Upgrades []string
	}
	if !strings.HasPrefix(open, "0") || json.Unmarshal([]byte(open[1:]), &handshake) != nil || len(handshake.SID) != 20 || len(handshake.Upgrades) != 0 {
		t.Fatal(open)
	}
	session := <-r.echo.opened
	long := strings.Repeat("é", 500)
	s.send(false, "4hello")
	s.send(true, "\x01\x02\xff")
	s.send(false, "4"+long)
	s.want("4hello", "0x0102ff", "4"+long)
	if session.Transport() != engineio.WebTransport {
		t.Fatal(session.Transport())
	}
	s.want("2") // heartbeat
	s.send(false, "3")
	s.send(false, "9")
	if reason := <-r.echo.closed; reason != engineio.ParseError {
		t.Fatal(reason)
	}
	if got := s.next(); !strings.HasPrefix(got, "error") {
		t.Fatal(got)
	}
}

// Spec sheet 1.7, 1.10: the upgrade of a polling session.
func TestUpgrade(t *testing.T) {
	r := start(t, engineio.Config{})
	get := func(query string) string {
		res, err := http.Get(r.polling.URL + "/engine.io/?EIO=4&transport=polling" + query)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		body, _ := io.ReadAll(res.Body)
		return string(body)
	}
	open := get("")
	if !strings.Contains(open, `"upgrades":["websocket","webtransport"]`) {
		t.Fatal(open)
	}
	session := <-r.echo.opened
	s, _, err := r.dial(nil)
	if err != nil {
		t.Fatal(err)
	}
	s.send(false, `0{"sid":"`+session.ID()+`"}`)
	s.send(false, "2probe")
	s.want("3probe")
	_ = session.Send(engineio.Text("waits"))
	s.send(false, "5")
	s.want("4waits")
	s.send(false, "4echo")
	s.want("4echo")
	if session.Transport() != engineio.WebTransport || !session.Upgraded() {
		t.Fatal(session.Transport())
	}
	if got := get("&sid=" + session.ID()); !strings.Contains(got, `"code":3`) {
		t.Fatal(got)
	}
	_ = s.session.CloseWithError(0, "")
	if reason := <-r.echo.closed; reason != engineio.TransportClose {
		t.Fatal(reason)
	}
}

// The checks are those of every transport (SEC-3, SEC-13, SEC-44).
func TestRefusals(t *testing.T) {
	r := start(t, engineio.Config{AllowOrigins: []string{"https://good.example"}, AllowRequest: func(r *http.Request) error {
		if r.Header.Get("X-No") != "" {
			return &engineio.Refusal{Message: "no"}
		}
		return nil
	}})
	for want, header := range map[int]http.Header{
		400: {"Origin": {"https://evil.example"}},
		403: {"Origin": {"https://good.example"}, "X-No": {"1"}},
	} {
		if _, res, err := r.dial(header); err == nil || res == nil || res.StatusCode != want {
			t.Errorf("want %d: %v %v", want, res, err)
		}
	}
	for _, first := range []string{"4x", `0{"sid":"nope"}`, "0{", "x"} {
		s, _, err := r.dial(http.Header{"Origin": {"https://good.example"}})
		if err != nil {
			t.Fatal(err)
		}
		s.send(false, first)
		if got := s.next(); !strings.HasPrefix(got, "error") {
			t.Errorf("%q was answered with %q", first, got)
		}
	}
	s, _, err := r.dial(http.Header{"Origin": {"https://good.example"}})
	if err != nil {
		t.Fatal(err)
	}
	s.send(false, "0")
	s.next()
	if _, err := s.Write([]byte{127, 0x7f, 0, 0, 0, 0, 0, 0, 0}); err != nil { // SEC-22: refused from the header
		t.Fatal(err)
	}
	if reason := <-r.echo.closed; reason != engineio.TransportError {
		t.Fatal(reason)
	}
}
