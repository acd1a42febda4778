package cluster_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/go-sails/sails/socketio"
	"github.com/go-sails/sails/socketio/redisadapter"
)

// authority makes certificates, for a test.
type authority struct {
	t    testing.TB
	dir  string
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func newAuthority(t testing.TB) *authority {
	t.Helper()
	a := &authority{t: t, dir: t.TempDir()}
	a.cert, a.key = a.issue("ca", &x509.Certificate{IsCA: true, KeyUsage: x509.KeyUsageCertSign})
	return a
}

// issue writes name.crt and name.key.
func (a *authority) issue(name string, c *x509.Certificate) (*x509.Certificate, *ecdsa.PrivateKey) {
	a.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	check(a.t, err)
	c.SerialNumber, c.Subject = big.NewInt(time.Now().UnixNano()), pkix.Name{CommonName: name}
	c.NotBefore, c.NotAfter, c.BasicConstraintsValid = time.Now().Add(-time.Hour), time.Now().Add(time.Hour), true
	parent, signer := a.cert, a.key
	if parent == nil {
		parent, signer = c, key
	}
	der, err := x509.CreateCertificate(rand.Reader, c, parent, &key.PublicKey, signer)
	check(a.t, err)
	secret, err := x509.MarshalECPrivateKey(key)
	check(a.t, err)
	for file, block := range map[string]*pem.Block{name + ".crt": {Type: "CERTIFICATE", Bytes: der}, name + ".key": {Type: "EC PRIVATE KEY", Bytes: secret}} {
		check(a.t, os.WriteFile(filepath.Join(a.dir, file), pem.EncodeToMemory(block), 0o600))
	}
	cert, err := x509.ParseCertificate(der)
	check(a.t, err)
	return cert, key
}

// Redis that speaks nothing but TLS, with a certificate of an authority of one's own.
func TestRedisTLS(t *testing.T) {
	ca := newAuthority(t)
	ca.issue("redis", &x509.Certificate{IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}})
	port, at := freePort(t), func(name string) string { return filepath.Join(ca.dir, name) }
	server := &redisServer{t: t, port: port, args: []string{
		"--port", "0", "--tls-port", strconv.Itoa(port), "--tls-cert-file", at("redis.crt"), "--tls-key-file", at("redis.key"),
		"--tls-ca-cert-file", at("ca.crt"), "--tls-auth-clients", "no",
	}}
	server.start()
	roots := x509.NewCertPool()
	roots.AddCert(ca.cert)
	ctx := testContext(t)
	clients := startPeer(t, object{"adapter": "none"})
	for name, create := range map[string]func(redisadapter.Config) (socketio.Adapter, error){
		"Redis":   func(c redisadapter.Config) (socketio.Adapter, error) { return redisadapter.New(c) },
		"Streams": func(c redisadapter.Config) (socketio.Adapter, error) { return redisadapter.NewStreams(c) },
	} {
		t.Run(name, func(t *testing.T) {
			o := server.options()
			o.TLSConfig = &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}
			cfg := streamsOn(o, redisadapter.StreamsConfig{})
			node := func(name string) *goNode {
				a, err := create(cfg)
				check(t, err)
				return &goNode{startGo(t, name, socketio.Config{Adapter: a}), t, ctx}
			}
			a, b := node("a"), node("b")
			eventually(t, "both nodes", func() bool { return counted(a, 2) && counted(b, 2) })
			clients.connect(name, b.url)
			a.emit(nil, nil, "over TLS", 1)
			clients.expectEvents(name, `["over TLS",1]`)

			// Who does not know the authority says why it cannot join.
			o.TLSConfig = &tls.Config{MinVersion: tls.VersionTLS12}
			stranger, err := create(redisadapter.Config{Redis: o, Key: cfg.Key, Timeout: shortly})
			check(t, err)
			defer stranger.Close()
			m := &socketio.ClusterMessage{UID: "u", Namespace: "/", Type: socketio.ClusterBroadcast, Data: []byte(`["e"]`)}
			eventually(t, "the reason", func() bool { // a busy machine may take longer than the first attempt
				_, err := stranger.Publish(ctx, m)
				return err != nil && strings.Contains(err.Error(), "certificate")
			})
		})
	}
}
