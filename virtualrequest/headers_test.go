package virtualrequest_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"reflect"
	"strings"
	"testing"

	"github.com/go-sails/sails/virtualrequest"
)

// headersOf returns the header a handler sees of a message with these headers.
func headersOf(t *testing.T, headers string) map[string]string {
	t.Helper()
	s := see(t, "get", `{"url":"/x","headers":`+headers+`}`)
	out := map[string]string{}
	for name, values := range s.Header {
		out[name] = strings.Join(values, "|")
	}
	return out
}

// with adds the identity of newHandshake.
func with(h map[string]string) map[string]string {
	out := map[string]string{"Cookie": "sails.sid=s%3Aabc", "Origin": "http://app.example:1337"}
	maps.Copy(out, h)
	return out
}

// VR-30, VR-32, SEC-66: values become strings, names canonical; what is no
// token or field value is dropped.
func TestHeaders_Values(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		headers string
		want    map[string]string
	}{
		{`{}`, nil}, {`null`, nil}, {`"str"`, nil}, {`["x",1]`, map[string]string{"0": "x", "1": "1"}},
		{`{"x-a":"1","X-B":" two\t","authorization":"Bearer x"}`, map[string]string{"X-A": "1", "X-B": "two", "Authorization": "Bearer x"}},
		{`{"a":5,"b":null,"c":true,"d":[1,[2,null],{}],"e":{},"f":1e21,"g":1.50,"h":-0,"i":1e-7}`,
			map[string]string{"A": "5", "B": "null", "C": "true", "D": "1,2,,[object Object]", "E": "[object Object]", "F": "1e+21", "G": "1.5", "H": "-0", "I": "1e-7"}},
		{`{"X-A":"1","x-a":"2"}`, map[string]string{"X-A": "2"}},
		{`{"":"x","bad name":"1","a:":"1","\u0000":"1","x-ż":"1","x\r\ny":"1","(a)":"1"}`, nil},
		{`{"nl":"a\nb","cr":"a\rb","nul":"\u0000","del":"\u007f","lead":"\r\nx","ok":"a\tb","utf":"żółw"}`, map[string]string{"Ok": "a\tb", "Utf": "żółw"}},
		{`{"a":"\ud800"}`, nil},
		{`{"a":[[[[[[[[[[1]]]]]]]]]]}`, nil},
		{`{"x-\u0061":"1"}`, map[string]string{"X-A": "1"}},
	} {
		if got := headersOf(t, tc.headers); !reflect.DeepEqual(got, with(tc.want)) {
			t.Errorf("%s: %v, want %v", tc.headers, got, with(tc.want))
		}
	}
}

// VR-32: every spelling keeps its own value in Sails' view of the headers, the
// lower-case name has the last.
func TestSailsHeader_Spellings(t *testing.T) {
	t.Parallel()
	for headers, want := range map[string]map[string]string{
		`{"X-A":"1","x-a":"2"}`:                  {"X-A": "1", "x-a": "2"},
		`{"x-a":"1","X-A":"2"}`:                  {"X-A": "2", "x-a": "2"},
		`{"X-A":"1","X-a":"2"}`:                  {"X-A": "1", "X-a": "2", "x-a": "2"},
		`{"E":"","N":5}`:                         {"E": "", "e": "", "N": "5", "n": "5"},
		`["x",{}]`:                               {"0": "x", "1": "[object Object]"},
		`{"Host":"h","Cookie":"c","X-A":"a\nb"}`: {},
		`{"Connection":"X-A","X-A":"1"}`:         {},
	} {
		var got map[string]string
		ask(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			v, _ := virtualrequest.FromContext(r.Context())
			got = v.SailsHeader()
		}), "get", `{"url":"/x","headers":`+headers+`}`)
		delete(got, "cookie")
		delete(got, "origin")
		if !maps.Equal(got, want) {
			t.Errorf("%s: %v, want %v", headers, got, want)
		}
	}
}

// SEC-65, SEC-67, SEC-68, VR-33, SU-2: no spelling of a field that carries
// identity, forwarding, framing or an override gets through.
func TestHeaders_Forbidden(t *testing.T) {
	t.Parallel()
	names := strings.Fields(`host cookie cookie2 origin set-cookie forwarded x-forwarded-for x-forwarded-host x-forwarded-proto
		x-forwarded x-real-ip x-client-ip true-client-ip cf-connecting-ip x-cluster-client-ip via connection upgrade te trailer
		transfer-encoding content-length content-encoding expect keep-alive proxy proxy-authorization proxy-connection
		x-http-method-override x-http-method x-method-override x-original-url x-rewrite-url sec-fetch-site sec-websocket-key http2-settings`)
	spell := []func(string) string{
		strings.ToLower, strings.ToUpper, http.CanonicalHeaderKey,
		func(s string) string { return strings.ToUpper(s[:1]) + s[1:] },
		func(s string) string { return s[:len(s)-1] + strings.ToUpper(s[len(s)-1:]) },
		func(s string) string { return strings.ReplaceAll(s, "-", "_") },
		func(s string) string { return fmt.Sprintf(`\u%04x%s`, s[0], s[1:]) },
	}
	for _, name := range names {
		for _, as := range spell {
			headers := `{"` + as(name) + `":"evil","x-ok":"1","` + name + `":"evil"}`
			if got := headersOf(t, headers); !reflect.DeepEqual(got, with(map[string]string{"X-Ok": "1"})) {
				t.Errorf("%s: %v", headers, got)
			}
		}
	}
	// What Connection lists is hop-by-hop too, but for the identity.
	got := headersOf(t, `{"connection":"x-a, cookie,X-B","X-A":"1","x-b":"2","x-c":"3"}`)
	delete(got, "Cookie")
	if want := map[string]string{"X-C": "3", "Origin": "http://app.example:1337"}; !reflect.DeepEqual(got, want) {
		t.Errorf("Connection: %v, want %v", got, want)
	}
}

// SEC-67: absent in the handshake is absent in the request; a socket without
// identity has none. Stricter than VR-34 and SU-26, where a message may bring a
// cookie then.
func TestHeaders_AbsentIdentity(t *testing.T) {
	t.Parallel()
	bare, err := http.NewRequest(http.MethodGet, "/socket.io/", nil)
	if err != nil {
		t.Fatal(err)
	}
	r, err := virtualrequest.Parse("get", []byte(`{"url":"/x","headers":{"cookie":"a=b","Origin":"http://x","host":"h:99","x-a":"1"}}`))
	if err != nil {
		t.Fatal(err)
	}
	for _, origin := range []*virtualrequest.Origin{nil, virtualrequest.NewOrigin(nil), virtualrequest.NewOrigin(bare)} {
		d := &virtualrequest.Dispatcher{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if len(r.Header) != 1 || r.Host != "" {
				t.Errorf("header %v, host %q", r.Header, r.Host)
			}
		})}
		d.Serve(context.Background(), origin, r)
	}
}

// VR-30, VR-35: nosession of the handshake wins, that of the message counts.
func TestHeaders_NoSession(t *testing.T) {
	t.Parallel()
	if got := headersOf(t, `{"nosession":1}`); got["Nosession"] != "1" {
		t.Errorf("message: %v", got)
	}
	h := newHandshake()
	h.Header.Set("nosession", "yes")
	r := &virtualrequest.Request{Method: "GET", URL: "/x", Header: http.Header{"Nosession": {""}, "X-A": {"1", "2"}}}
	d := &virtualrequest.Dispatcher{Handler: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Nosession") != "true" || r.Header.Get("X-A") != "2" {
			t.Errorf("%v", r.Header)
		}
	})}
	d.Serve(context.Background(), virtualrequest.NewOrigin(h), r)
}

// VR-32: what Sails shows as req.headers, both spellings and nothing of ours.
func TestRequest_SailsHeader(t *testing.T) {
	t.Parallel()
	r, err := virtualrequest.Parse("post", []byte(`{"url":"/x","data":{"a":1},"headers":{"X-Custom":"1","plain":2,"Cookie":"evil","bad name":"1"}}`))
	if err != nil {
		t.Fatal(err)
	}
	r.Header = http.Header{"X-Built": {"in go"}}
	serve(&virtualrequest.Dispatcher{Handler: inspector{}}, r)
	want := map[string]string{
		"cookie": "sails.sid=s%3Aabc", "origin": "http://app.example:1337", "x-custom": "1", "X-Custom": "1", "plain": "2",
		"x-built": "in go", "X-Built": "in go",
	}
	if got := r.SailsHeader(); !reflect.DeepEqual(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

// SEC-66: counts and sizes, of dropped fields too.
func TestHeaders_TooMany(t *testing.T) {
	t.Parallel()
	fields := func(n int, format string) string {
		var list []string
		for i := range n {
			list = append(list, fmt.Sprintf(format, i))
		}
		return "{" + strings.Join(list, ",") + "}"
	}
	for _, tc := range []struct {
		headers string
		want    int
	}{
		{fields(100, `"x-%d":"1"`), 200}, {fields(101, `"x-%d":"1"`), 431}, {fields(101, `"bad name %d":"1"`), 431},
		{`{"a":"` + strings.Repeat("x", 32<<10-1) + `"}`, 200}, {`{"a":"` + strings.Repeat("x", 32<<10) + `"}`, 431},
		{`{"a":{"b":"` + strings.Repeat("x", 40<<10) + `"}}`, 431}, {fields(101, `"cookie%d":null`), 431},
	} {
		if got := ask(t, inspector{}, "get", `{"url":"/x","headers":`+tc.headers+`}`).StatusCode; got != tc.want {
			t.Errorf("%.40s: %d, want %d", tc.headers, got, tc.want)
		}
	}
}

func FuzzHeaders(f *testing.F) {
	for _, s := range []string{`{"Cookie":"evil"}`, `{"HOST":"a","x-forwarded-for":"1"}`, `{"x":[[[]]]}`, `{"":""}`, `{"Connection":"cookie"}`, `[]`, `{"a\r\n":"b\r\n"}`} {
		f.Add([]byte(s))
	}
	d := &virtualrequest.Dispatcher{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for name, values := range r.Header {
			if name != http.CanonicalHeaderKey(name) || strings.ContainsAny(name+values[0], "\r\n\x00") || len(values) != 1 {
				panic("field " + name)
			}
			switch name {
			case "Cookie", "Origin":
				if values[0] != newHandshake().Header.Get(name) {
					panic("identity")
				}
			case "Host", "X-Forwarded-For", "Transfer-Encoding", "Content-Length", "Connection", "Upgrade":
				panic("forbidden " + name)
			}
		}
	})}
	f.Fuzz(func(t *testing.T, headers []byte) {
		if !json.Valid(headers) {
			return
		}
		r, err := virtualrequest.Parse("get", []byte(`{"url":"/x","headers":`+string(headers)+`}`))
		if err != nil {
			t.Fatal(err)
		}
		if got := serve(d, r).StatusCode; got != 200 && got != 431 && got != 400 {
			t.Fatalf("%s: %d", headers, got)
		}
	})
}
