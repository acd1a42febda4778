package virtualrequest_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/go-sails/sails/virtualrequest"
)

// serve runs r as a request of a socket opened by newHandshake.
func serve(d *virtualrequest.Dispatcher, r *virtualrequest.Request) *virtualrequest.Response {
	return d.Serve(context.Background(), virtualrequest.NewOrigin(newHandshake()), r)
}

// ask parses a message and serves it with h.
func ask(t *testing.T, h http.Handler, event, message string) *virtualrequest.Response {
	t.Helper()
	r, err := virtualrequest.Parse(event, []byte(message))
	if err != nil {
		t.Fatalf("%s: %v", message, err)
	}
	return serve(&virtualrequest.Dispatcher{Handler: h}, r)
}

// seen is what a handler saw of a request.
type seen struct {
	Method, Path, Escaped, Query, URI, Host, Remote, Body, Type string
	Length                                                      int64
	Header                                                      http.Header
	TLS                                                         bool
}

// inspector answers with what it sees and checks what no request may have.
type inspector struct{}

func (inspector) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil || r.Body.Close() != nil || int64(len(body)) != r.ContentLength {
		panic(fmt.Sprint("body: ", err))
	}
	if strings.ContainsAny(r.RequestURI, " \r\n\x00") || !strings.HasPrefix(r.URL.Path, "/") || r.URL.Host != "" || r.URL.Scheme != "" || r.URL.Fragment != "" {
		panic("url " + r.RequestURI)
	}
	if u, err := url.ParseRequestURI(r.RequestURI); err != nil || u.Path != r.URL.Path {
		panic("RequestURI " + r.RequestURI)
	}
	if strings.Contains(r.URL.Path+"/", "/../") || strings.Contains(r.URL.EscapedPath()+"/", "/../") {
		panic("traversal " + r.RequestURI)
	}
	s := seen{
		r.Method, r.URL.Path, r.URL.EscapedPath(), r.URL.RawQuery, r.RequestURI, r.Host, r.RemoteAddr, string(body),
		r.Header.Get("Content-Type"), r.ContentLength, r.Header, r.TLS != nil,
	}
	virtualrequest.SetBody(w, s)
}

func see(t *testing.T, event, message string) (s seen) {
	t.Helper()
	response := ask(t, inspector{}, event, message)
	raw, ok := response.Body.(json.RawMessage)
	if response.StatusCode != 200 || !ok {
		t.Fatalf("%s: answered %d %v", message, response.StatusCode, response.Body)
	}
	if err := json.Unmarshal(raw, &s); err != nil {
		t.Fatal(err)
	}
	return s
}

// VR-4..VR-6: an ordinary request, with the message's data as JSON body.
func TestServe_Request(t *testing.T) {
	t.Parallel()
	s := see(t, "post", `{"url":"/user/7?x=1&x=2","data":{"name":"żaba","n":1e400}}`)
	if s.Method != "POST" || s.Path != "/user/7" || s.Query != "x=1&x=2" || s.URI != "/user/7?x=1&x=2" ||
		s.Host != "app.example:1337" || s.Remote != "192.0.2.7:40123" {
		t.Errorf("%+v", s)
	}
	if s.Body != `{"name":"żaba","n":1e400}` || s.Type != "application/json" || s.Length != int64(len(s.Body)) {
		t.Errorf("body: %+v", s)
	}
	for _, tc := range []struct{ event, data, body string }{
		{"get", `{}`, ``}, {"head", `{ }`, ``}, {"options", `{}`, ``}, {"delete", `{}`, ``},
		{"get", `{"a":1}`, `{"a":1}`}, {"delete", `[]`, ``}, {"delete", `[1,{"a":2}]`, `{"0":1,"1":{"a":2}}`}, {"get", `["x"]`, `{"0":"x"}`}, {"head", `["x"]`, `{"0":"x"}`},
		{"options", `[1]`, `[1]`}, {"put", `[1]`, `[1]`}, {"post", `{}`, `{}`}, {"put", `{}`, `{}`}, {"patch", `null`, ``},
	} {
		s := see(t, tc.event, `{"url":"/x","data":`+tc.data+`}`)
		wantType := ""
		if tc.body != "" {
			wantType = "application/json"
		}
		if s.Body != tc.body || s.Type != wantType {
			t.Errorf("%s with %s: body %q of type %q, want %q", tc.event, tc.data, s.Body, s.Type, tc.body)
		}
	}
}

// VR-5, CL-7, SEC-62, SEC-63, SEC-64: what a url may be and what handlers see.
func TestServe_URL(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ url, want string }{ // path|escaped|query
		{"/echo", "/echo|/echo|"},
		{"/str/  ", "/str/|/str/|"},
		{" \t/str", "/str|/str|"},
		{"/echo#frag?x=1", "/echo|/echo|"},
		{"/echo?x=1#frag", "/echo|/echo|x=1"},
		{"/echo?", "/echo|/echo|"},
		{"/echo?a&b=&=5&a;c", "/echo|/echo|a&b=&=5&a;c"},
		{"/a b?q=John Doe", "/a b|/a%20b|q=John%20Doe"},
		{"/p/a%2Fb", "/p/a/b|/p/a%2Fb|"},
		{"/p/%C5%BC/ż", "/p/ż/ż|/p/%C5%BC/%C5%BC|"},
		{"/p/%41", "/p/A|/p/%41|"},
		{"/%2525", "/%25|/%2525|"}, // decoded once
		{"http://app.example:1337/x?y=1", "/x|/x|y=1"},
		{"WS://APP.example:1337", "/|/|"},
		{"https://app.example:1337?y", "/|/|y"},
		{"//app.example:1337/x", "/x|/x|"},
		{"/a/../b", "/b|/b|"},
		{"/../../etc/passwd", "/etc/passwd|/etc/passwd|"},
		{"/a/%2e%2e/b", "/b|/b|"},
		{"/a%2F..%2Fb", "/b|/b|"},
		{"/a/./b//c/", "/a/b/c/|/a/b/c/|"},
		{"/a/..", "/|/|"},
		{"/a/b/.", "/a/b/|/a/b/|"},
		{"/a/.hidden", "/a/.hidden|/a/.hidden|"},
		{"/x?u=http://evil/%0d%0a", "/x|/x|u=http://evil/%0d%0a"},
	} {
		message, err := json.Marshal(map[string]string{"url": tc.url})
		if err != nil {
			t.Fatal(err)
		}
		s := see(t, "get", string(message))
		if got := s.Path + "|" + s.Escaped + "|" + s.Query; got != tc.want {
			t.Errorf("%q: %s, want %s", tc.url, got, tc.want)
		}
	}
}

// SEC-62..64, SEC-69, VR-8: urls that never reach a handler.
func TestServe_RefusedURL(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		url  string // JSON text
		want int
	}{
		{`"echo"`, 404}, {`"?x=1"`, 404}, {`"mailto:x"`, 404}, {`"   "`, 404}, {`"#x"`, 404}, {`"http:x"`, 404},
		{`"http://evil/x"`, 400}, {`"//evil/x"`, 400}, {`"http://app.example/x"`, 400}, {`"http://u@app.example:1337/x"`, 400},
		{`"http://app.example:1337.evil/"`, 400}, {`"http://app.example:1337\\@evil/"`, 400}, {`"http:///x"`, 400}, {`"//"`, 400}, {`"ftp://app.example:1337/"`, 400},
		{`"http://app.example:13 37/"`, 400}, {`"javascript://app.example:1337/"`, 400},
		{`"/a\r\nX: y"`, 400}, {`"/a\u0000"`, 400}, {`"/a\tb"`, 400}, {`"/a\u007f"`, 400}, {`"/a\u0085b"`, 400}, {`"/\\evil"`, 400},
		{`"/%zz"`, 400}, {`"/%"`, 400}, {`"/%00"`, 400}, {`"/%0a"`, 400}, {`"/%ff"`, 400}, {`"/x?q=%00"`, 400},
		{`"\ud800/x"`, 400}, {`"/x\udc00\ud800"`, 400}, {"\"/\xff\"", 400},
		{`"/` + strings.Repeat("a", 16<<10) + `"`, 414},
		{`"/?` + strings.Repeat("&", 1000) + `"`, 400},
	} {
		response := ask(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Errorf("%.60s reached the handler", tc.url) }), "get", `{"url":`+tc.url+`}`)
		if response.StatusCode != tc.want {
			t.Errorf("%.60s: %d, want %d", tc.url, response.StatusCode, tc.want)
		}
		if _, ok := response.Body.(string); !ok || response.Header == nil {
			t.Errorf("%.60s: body %v", tc.url, response.Body)
		}
	}
	if got := ask(t, inspector{}, "get", `{"url":"/p/%zz"}`).Body; got != "Bad request: Could not decode requested URL." {
		t.Errorf("VR-8: body %v", got)
	}
	if got := ask(t, inspector{}, "get", `{"url":"/\ufffd\uFFFD"}`).StatusCode; got != 200 {
		t.Errorf("a replacement character that was sent: %d", got)
	}
}

// SEC-69, SEC-2: sizes and depth.
func TestServe_Limits(t *testing.T) {
	t.Parallel()
	deep := strings.Repeat("[", 600) + strings.Repeat("]", 600)
	if got := ask(t, inspector{}, "post", `{"url":"/x","data":`+deep+`}`).StatusCode; got != 400 {
		t.Errorf("deep body: %d", got)
	}
	r, err := virtualrequest.Parse("post", []byte(`{"url":"/abc?a&b&c","data":[12345],"headers":{"a":"1","b":"2"}}`))
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		limits virtualrequest.Limits
		want   int
	}{
		{virtualrequest.Limits{}, 200},
		{virtualrequest.Limits{URL: 9}, 414}, {virtualrequest.Limits{URL: 10}, 200}, {virtualrequest.Limits{URL: -1}, 200},
		{virtualrequest.Limits{Params: 2}, 400}, {virtualrequest.Limits{Params: 3}, 200}, {virtualrequest.Limits{Params: -1}, 200},
		{virtualrequest.Limits{Body: 6}, 413}, {virtualrequest.Limits{Body: 7}, 200},
		{virtualrequest.Limits{Headers: 1}, 431}, {virtualrequest.Limits{Headers: 2}, 200}, {virtualrequest.Limits{HeaderBytes: 3}, 431},
	} {
		if got := serve(&virtualrequest.Dispatcher{Handler: inspector{}, Limits: tc.limits}, r).StatusCode; got != tc.want {
			t.Errorf("%+v: %d, want %d", tc.limits, got, tc.want)
		}
	}
}

// VR-6: what is no escape in a query is data, as in "100%".
func TestServe_QueryAsSent(t *testing.T) {
	t.Parallel()
	for _, query := range []string{"q=%zz", "q=100%", "q=%C5", "%", "a=%C5%BC%"} {
		if s := see(t, "get", `{"url":"/x?`+query+`"}`); s.Query != query {
			t.Errorf("%s: %s", query, s.Query)
		}
	}
}

func FuzzURL(f *testing.F) {
	for _, s := range []string{"/echo", "/a/../b?x=%20", "http://app.example:1337/x", "//evil", "/%2e%2e%2f", "/a%", "\\", "/\u0085", "?", "ws://app.example:1337#x", "/%c0%ae/", "/.%2e/x"} {
		f.Add(s)
	}
	d := &virtualrequest.Dispatcher{Handler: inspector{}}
	f.Fuzz(func(t *testing.T, u string) {
		response := serve(d, &virtualrequest.Request{Method: "GET", URL: u})
		switch response.StatusCode {
		case 200, 400, 404, 414:
		default:
			t.Fatalf("%q: %d %v", u, response.StatusCode, response.Body)
		}
	})
}
