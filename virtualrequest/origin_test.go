package virtualrequest_test

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/go-sails/sails/virtualrequest"
)

// VR-20, VR-21, SEC-68: forwarding headers of the handshake count as far as
// proxies are trusted; those of messages never.
func TestOrigin_IP(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		remote, forwarded string
		trusted           []string
		ip, ips           string
	}{
		{"192.0.2.7:1", "1.1.1.1, 2.2.2.2", nil, "192.0.2.7", ""},
		{"192.0.2.7:1", "1.1.1.1, 2.2.2.2", []string{"all"}, "1.1.1.1", "1.1.1.1 2.2.2.2"},
		{"192.0.2.7:1", "1.1.1.1, 2.2.2.2", []string{"192.0.2.7"}, "2.2.2.2", "2.2.2.2"},
		{"192.0.2.7:1", "1.1.1.1, 2.2.2.2", []string{"192.0.2.0/24", "2.2.2.2/32"}, "1.1.1.1", "1.1.1.1 2.2.2.2"},
		{"192.0.2.7:1", "1.1.1.1, 2.2.2.2", []string{"loopback"}, "192.0.2.7", ""},
		{"127.0.0.1:1", "evil, 2.2.2.2", []string{"loopback", "2.2.2.2"}, "2.2.2.2", "2.2.2.2"},
		{"127.0.0.1:1", "", []string{"loopback"}, "127.0.0.1", ""},
		{"127.0.0.1:1", "fe80::1%eth0", []string{"all"}, "127.0.0.1", ""},
		{"127.0.0.1:1", ",,", []string{"all"}, "127.0.0.1", ""},
		{"[::1]:1", "2001:db8::1", []string{"loopback"}, "2001:db8::1", "2001:db8::1"},
		{"[::ffff:10.1.2.3]:1", "5.5.5.5", []string{"uniquelocal"}, "5.5.5.5", "5.5.5.5"},
		{"10.1.2.3:1", "5.5.5.5", []string{"::ffff:10.0.0.0/104"}, "5.5.5.5", "5.5.5.5"},
		{"169.254.0.1:1", "5.5.5.5", []string{"linklocal"}, "5.5.5.5", "5.5.5.5"},
		{"@", "5.5.5.5", []string{"all"}, "@", ""},
	} {
		proxies, err := virtualrequest.ParseProxies(tc.trusted...)
		if err != nil {
			t.Fatal(err)
		}
		h := newHandshake()
		h.RemoteAddr = tc.remote
		h.Header.Set("X-Forwarded-For", tc.forwarded)
		o := virtualrequest.NewOrigin(h, proxies...)
		if got := strings.Join(o.IPs(), " "); o.IP() != tc.ip || got != tc.ips {
			t.Errorf("%+v: ip %s ips %q", tc, o.IP(), got)
		}
	}
	h := newHandshake()
	h.Header["X-Forwarded-For"] = slices.Repeat([]string{"1.1.1.1"}, 1000)
	proxies, _ := virtualrequest.ParseProxies("all")
	if n := len(virtualrequest.NewOrigin(h, proxies...).IPs()); n != 64 {
		t.Errorf("chain of %d hops looked at", n)
	}
	for _, bad := range []string{"", "x", "1.2.3.4/33", "fe80::1%eth0", "1.2.3"} {
		if _, err := virtualrequest.ParseProxies(bad); err == nil {
			t.Errorf("proxy %q accepted", bad)
		}
	}
}

// SE-10, SU-24: the first Set-Cookie becomes the socket's cookie if it has
// none; SetCookie replaces it.
func TestOrigin_Cookie(t *testing.T) {
	t.Parallel()
	d := &virtualrequest.Dispatcher{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = w.Write([]byte(r.Header.Get("Cookie")))
		http.SetCookie(w, &http.Cookie{Name: "late", Value: "1"})
	})}
	h := newHandshake()
	h.Header.Del("Cookie")
	o := virtualrequest.NewOrigin(h)
	get := func() *virtualrequest.Response {
		return d.Serve(context.Background(), o, &virtualrequest.Request{Method: "GET", URL: "/"})
	}
	first := get()
	if first.Body != nil || len(first.SetCookie) != 1 || o.Remember(nil) || !o.Remember([]string{" a=1 ; Path=/; HttpOnly", "b=2"}) {
		t.Errorf("first answer %+v", first)
	}
	if o.Cookie() != "a=1" || get().Body != "a=1" || o.Remember([]string{"c=3"}) {
		t.Errorf("cookie %q", o.Cookie())
	}
	o.SetCookie("d=4; e=5")
	if get().Body != "d=4; e=5" || o.Handshake() != h {
		t.Errorf("cookie %q", o.Cookie())
	}
	o.SetCookie("")
	if o.Remember([]string{"; Path=/"}) || get().Body != nil {
		t.Error("an empty cookie was taken")
	}
	var wg sync.WaitGroup
	won := make(chan bool, 8)
	for range 8 {
		wg.Go(func() { won <- o.Remember([]string{"one=1"}) })
	}
	wg.Wait()
	close(won)
	winners := 0
	for w := range won {
		if w {
			winners++
		}
	}
	if winners != 1 {
		t.Errorf("%d winners", winners)
	}
	if none := virtualrequest.NewOrigin(nil); none.Cookie() != "" || none.IP() != "" || none.IPs() == nil {
		t.Error("an origin without handshake has an identity")
	}
}

// A socket need not hold the request it was opened with: who asks gets it built anew,
// and requests have what they take from it all the same (SEC-67).
func TestOrigin_RebuildHandshake(t *testing.T) {
	t.Parallel()
	if virtualrequest.NewOrigin(nil).Handshake() != nil {
		t.Error("a handshake out of nothing")
	}
	h := newHandshake()
	o := virtualrequest.NewOrigin(h)
	if o.Handshake() != h {
		t.Error("not the handshake it was made of")
	}
	calls := 0
	o.RebuildHandshake(func() *http.Request { calls++; return newHandshake() })
	var got string
	d := &virtualrequest.Dispatcher{Handler: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		got = r.Host + " " + r.RemoteAddr + " " + r.Header.Get("Origin")
	})}
	d.Serve(t.Context(), o, get("/"))
	if want := "app.example:1337 192.0.2.7:40123 http://app.example:1337"; got != want || calls != 0 {
		t.Errorf("the request has %q, want %q; rebuilt %d times", got, want, calls)
	}
	if o.Handshake() == h || o.Handshake().Host != h.Host || calls != 2 {
		t.Errorf("rebuilt %d times", calls)
	}
}
