package action_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"github.com/go-sails/sails/sailsio/action"
	"github.com/go-sails/sails/virtualrequest"

	"github.com/gorilla/mux"
)

// virtually runs f as the handler of a virtual request.
func virtually(t *testing.T, event, message string, f func(r *http.Request)) {
	t.Helper()
	ask(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { f(r) }), event, message)
}

func text(t *testing.T, v json.Marshaler) string {
	t.Helper()
	out, err := v.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

// VR-6, VR-7, SEC-79: path over body over query, bit for bit, names without
// meaning.
func TestAllParams(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		message string
		path    []action.PathParam
		want    string
	}{
		{`{"url":"/x"}`, nil, `{}`},
		{`{"url":"/x?b=1&a=2&b=3&c","data":{"z":12345678901234567890,"a":{"k":1.0}}}`, nil, `{"b":["1","3"],"a":{"k":1.0},"c":"","z":12345678901234567890}`},
		{`{"url":"/x?id=q","data":{"id":"b","n":null}}`, []action.PathParam{{"id", "p"}, {"0", "w"}}, `{"id":"p","n":null,"0":"w"}`},
		{`{"url":"/x?0=q","data":[1,{"a":2}]}`, nil, `{"0":1,"1":{"a":2}}`},
		{`{"url":"/x?__proto__=1&constructor=2","data":{"__proto__":{"admin":true},"hasOwnProperty":1}}`, nil, `{"__proto__":{"admin":true},"constructor":"2","hasOwnProperty":1}`},
		{`{"url":"/x?a[b]=1&a%5Bc%5D=2&q=a+b%26&=5"}`, nil, `{"a[b]":"1","a[c]":"2","q":"a b&","":"5"}`},
		{`{"url":"/x?&a=1&&b&"}`, nil, `{"a":"1","b":""}`},
		{`{"url":"/x?%61=1&a=%C3%A9&q=%22\\u003c"}`, nil, `{"a":["1","é"],"q":"\"\\u003c"}`},
		{`{"url":"/x?a=1&b=1&c=1&d=1&e=1&f=1&g=1&h=1&i=1&a=2","data":{"i":2,"j":1,"\u0061":3,"a":4}}`, nil,
			`{"a":4,"b":"1","c":"1","d":"1","e":"1","f":"1","g":"1","h":"1","i":2,"j":1}`},
	} {
		virtually(t, "post", tc.message, func(r *http.Request) {
			if tc.path != nil {
				r = action.WithParams(r, tc.path)
			}
			all := action.AllParams(r)
			if got := text(t, all); got != tc.want {
				t.Errorf("%s: %s, want %s", tc.message, got, tc.want)
			}
			for _, p := range all {
				if one := action.Param(r, p.Name); !reflect.DeepEqual(string(one.JSON()), string(p.Value.JSON())) {
					t.Errorf("%s: Param(%q) = %s", tc.message, p.Name, one.JSON())
				}
				if !reflect.DeepEqual(all.Get(p.Name), p.Value) {
					t.Errorf("Get(%q)", p.Name)
				}
			}
			if action.Param(r, "toString").Defined() || all.Get("nope").Defined() {
				t.Error("a parameter that was not sent is defined")
			}
		})
	}
}

// Path parameters of http.ServeMux, gorilla/mux and our own kind of router.
func TestPathParams(t *testing.T) {
	t.Parallel()
	show := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		action.JSON(w, r, []any{action.Param(r, "id"), action.AllParams(r)})
	})
	std := http.NewServeMux()
	std.Handle("GET /user/{id}/{rest...}", show)
	std.Handle("GET /exact/{$}", show)
	gorilla := mux.NewRouter()
	gorilla.Use(action.Vars(mux.Vars))
	gorilla.Handle("/user/{id}/{rest:.*}", show)
	gorilla.Handle("/exact/", show)
	for name, h := range map[string]http.Handler{"ServeMux": std, "mux": gorilla} {
		for target, want := range map[string]string{
			"/user/7/a/b?id=q": `["7",{"id":"7","rest":"a/b"}]`,
			"/user/7/":         `["7",{"id":"7","rest":""}]`,
			"/exact/":          `[null,{}]`,
		} {
			if got := must(compact(do(h, "GET", target, "").Body.Bytes())); got != want {
				t.Errorf("%s %s: %s, want %s", name, target, got, want)
			}
			got := ask(t, h, "get", `{"url":"`+target+`"}`)
			if body, _ := got.Body.(json.RawMessage); string(body) != want {
				t.Errorf("%s %s over a socket: %s, want %s", name, target, body, want)
			}
		}
	}
	r := httptest.NewRequest("GET", "/", nil)
	r.Pattern = "/odd/{id"
	if action.PathParams(r) != nil || action.Param(r, "id").Defined() {
		t.Error("odd pattern")
	}
	if r := action.WithParams(r, nil); action.Param(r, "id").Defined() {
		t.Error("no params")
	}
	r.SetPathValue("x", "1")
	if got := action.Param(r, "x").String(); got != "1" {
		t.Errorf("SetPathValue: %q", got)
	}
}

func TestValue(t *testing.T) {
	t.Parallel()
	virtually(t, "post", `{"url":"/x?q=5","data":{"s":"a\"ż","n":42,"f":1.50,"b":true,"o":{"a":[1]},"null":null,"i":"7"}}`, func(r *http.Request) {
		for name, want := range map[string]string{"s": `a"ż`, "n": "42", "f": "1.50", "b": "true", "o": `{"a":[1]}`, "null": "", "i": "7", "q": "5", "none": ""} {
			v := action.Param(r, name)
			if got := v.String(); got != want {
				t.Errorf("%s: %q", name, got)
			}
			if v.Defined() != (name != "none") {
				t.Errorf("%s: Defined", name)
			}
			n, ok := v.Int()
			if wantInt := map[string]int64{"n": 42, "i": 7, "q": 5}[name]; n != wantInt || ok != (wantInt != 0) {
				t.Errorf("%s: Int %d %v", name, n, ok)
			}
		}
		var o struct{ A []int }
		if err := action.Param(r, "o").Decode(&o); err != nil || len(o.A) != 1 {
			t.Error(o, err)
		}
		var s string
		if err := action.Param(r, "q").Decode(&s); err != nil || s != "5" {
			t.Error(s, err)
		}
		if err := action.Param(r, "none").Decode(&s); !errors.Is(err, action.ErrUndefined) {
			t.Error(err)
		}
		if got := text(t, action.Param(r, "none")); got != "null" {
			t.Error(got)
		}
		var all struct {
			N int
			Q string
		}
		if err := action.AllParams(r).Decode(&all); err != nil || all.N != 42 || all.Q != "5" {
			t.Error(all, err)
		}
	})
	if got := text(t, action.Params{{Name: "u"}}); got != `{"u":null}` {
		t.Error(got)
	}
}

// Bodies over plain HTTP.
func TestBody_HTTP(t *testing.T) {
	t.Parallel()
	multi, multiBody := multipartOf(t, "a", "1", "b[c]", "2", "a", "3")
	for _, tc := range []struct {
		method, contentType, body string
		want                      string // null: undefined
		err                       error
	}{
		{"POST", "application/json", ` {"a":1.0,"b":[]} `, `{"a":1.0,"b":[]}`, nil},
		{"POST", "application/vnd.api+json", `[1]`, `[1]`, nil},
		{"POST", "application/json; charset=utf-8", ``, `{}`, nil},
		{"POST", "application/json", `{bad`, `null`, action.ErrBody},
		{"POST", "application/json", `"str"`, `null`, action.ErrBody},
		{"POST", "application/json", strings.Repeat(" ", 101) + `{}`, `null`, action.ErrBodyTooLarge},
		{"PUT", "application/x-www-form-urlencoded", `a=1&b[c]=2&a=3`, `{"a":["1","3"],"b":{"c":"2"}}`, nil},
		{"POST", multi, multiBody, `{"a":["1","3"],"b":{"c":"2"}}`, nil},
		{"POST", "multipart/form-data", `x`, `null`, action.ErrBody},
		{"POST", "text/plain", `hello`, `{}`, nil},
		{"POST", "", `hello`, `{}`, nil},
		{"POST", "", ` {"a":1}`, `{"a":1}`, nil}, // as Sails does when nobody said what it is
		{"POST", "text/plain", `[1]`, `[1]`, nil},
		{"POST", "application/octet-stream", `{bad`, `{}`, nil},
		{"POST", "", `{` + strings.Repeat(" ", 101) + `}`, `{}`, nil},
		{"OPTIONS", "application/json", `{"a":1}`, `null`, nil},
		{"GET", "application/json", `{"a":1}`, `null`, nil},
	} {
		config := &action.Config{MaxBody: 100}
		if strings.HasPrefix(tc.contentType, "multipart") {
			config.MaxBody = -1
		}
		r := httptest.NewRequest(tc.method, "/?z=1", strings.NewReader(tc.body))
		r.Header.Set("Content-Type", tc.contentType)
		r = r.WithContext(action.WithConfig(r.Context(), config))
		for range 2 { // the second look is at the kept body
			if got := text(t, action.Body(r)); got != tc.want {
				t.Errorf("%s %q: %s, want %s", tc.contentType, tc.body, got, tc.want)
			}
			if err := action.ParseBody(r); !errors.Is(err, tc.err) {
				t.Errorf("%s %q: %v, want %v", tc.contentType, tc.body, err, tc.err)
			}
			if got := action.Param(r, "z").String(); got != "1" {
				t.Errorf("query beside the body: %q", got)
			}
		}
	}
	// The body can still be read afterwards.
	r := httptest.NewRequest("POST", "/", strings.NewReader(`{"a":1}`))
	r.Header.Set("Content-Type", "application/json")
	first, rest := action.Param(r, "a").String(), must(io.ReadAll(r.Body))
	if first != "1" || string(rest) != `{"a":1}` || r.Body.Close() != nil || action.Param(r, "a").String() != "1" {
		t.Errorf("%q %q", first, rest)
	}
	broken := httptest.NewRequest("POST", "/", io.MultiReader(strings.NewReader("{"), failing{}))
	broken.Header.Set("Content-Type", "application/json")
	if err := action.ParseBody(broken); !errors.Is(err, errFailing) {
		t.Error(err)
	}
	for _, sent := range []string{"hello, a file", `{"json": true}`, "{" + strings.Repeat("x", 2000)} {
		r := httptest.NewRequest("POST", "/", strings.NewReader(sent)).WithContext(action.WithConfig(context.Background(), &action.Config{MaxBody: 1000}))
		_, _ = action.Param(r, "a"), action.Param(r, "b")
		if rest := string(must(io.ReadAll(r.Body))); rest != sent || r.Body.Close() != nil {
			t.Errorf("%q is left of %q", rest, sent)
		}
	}
	virtually(t, "post", `{"url":"/","data":[1]}`, func(r *http.Request) {
		if got := text(t, action.Body(r)); got != "[1]" || action.ParseBody(r) != nil {
			t.Error(got)
		}
	})
}

var errFailing = errors.New("connection lost")

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errFailing }

// VR-6: a query is read as Node does, also where it is no query.
func TestQuery_Lenient(t *testing.T) {
	t.Parallel()
	for query, want := range map[string]string{
		"a=%": `{"a":"%"}`, "a=%zz": `{"a":"%zz"}`, "a=%C5": "{\"a\":\"\uFFFD\"}", "a=%C5%BC%zz+%2B": `{"a":"ż%zz +"}`, "a=100%&b=1": `{"a":"100%","b":"1"}`,
	} {
		virtually(t, "get", `{"url":"/?`+query+`"}`, func(r *http.Request) {
			if got := string(must(action.Query(r).MarshalJSON())); got != want {
				t.Errorf("%s: %s, want %s", query, got, want)
			}
		})
	}
}

func FuzzQuery(f *testing.F) {
	for _, s := range []string{"a=1&a[b]=2", "a[b][]=1", "[[[]]]", "a[0][x]=%zz", "%", "=&=", "a[b]c[d]=1", "__proto__[a]=1", "a[1][2][3][4][5][6][7]=x"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, query string) {
		r := httptest.NewRequest("GET", "/", nil)
		r.URL.RawQuery = query
		out, err := action.AllParams(r).MarshalJSON()
		if err != nil || !json.Valid(out) || len(out) > 64+16*len(query) {
			t.Fatalf("%q: %s, %v", query, out, err)
		}
		ask(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			if out, err := action.AllParams(r).MarshalJSON(); err != nil || !json.Valid(out) {
				t.Fatalf("%q: %s, %v", query, out, err)
			}
		}), "get", string(must(json.Marshal(map[string]string{"url": "/?" + query}))))
	})
}

// Facts about the request, table 2.2.
func TestFacts(t *testing.T) {
	t.Parallel()
	proxies := must(virtualrequest.ParseProxies("192.0.2.1"))
	for _, tc := range []struct {
		name, target string
		config       action.Config
		header       []string
		want         string
	}{
		{"plain", "http://h.example:8080/a%2Fb?c", action.Config{}, nil, "http 192.0.2.1 [] 8080 http://h.example:8080 http://h.example:8080/a%2Fb?c /a%2Fb"},
		{"https", "https://h.example/", action.Config{}, nil, "https 192.0.2.1 [] 443 https://h.example https://h.example/ /"},
		{"spoofed", "http://h.example/", action.Config{}, []string{"X-Forwarded-For", "1.1.1.1", "X-Forwarded-Proto", "https", "X-Forwarded-Host", "evil:9"}, "http 192.0.2.1 [] 80 http://h.example http://h.example/ /"},
		{"proxied", "http://h.example/", action.Config{TrustedProxies: proxies}, []string{"X-Forwarded-For", "1.1.1.1", "X-Forwarded-Proto", "HTTPS, http", "X-Forwarded-Host", "out:9, x"}, "https 1.1.1.1 [1.1.1.1] 9 https://out:9 http://h.example/ /"},
		{"other proxy", "http://h.example/", action.Config{TrustedProxies: must(virtualrequest.ParseProxies("loopback"))}, []string{"X-Forwarded-Proto", "https"}, "http 192.0.2.1 [] 80 http://h.example http://h.example/ /"},
	} {
		r := httptest.NewRequest("GET", tc.target, nil)
		for i := 0; i < len(tc.header); i += 2 {
			r.Header.Set(tc.header[i], tc.header[i+1])
		}
		r = r.WithContext(action.WithConfig(r.Context(), &tc.config))
		if got := facts(r); got != tc.want {
			t.Errorf("%s: %s, want %s", tc.name, got, tc.want)
		}
	}
	r := httptest.NewRequest("GET", "http://h.example/", nil)
	r.Host, r.RemoteAddr = "", "@"
	r.Header.Set("X-Forwarded-Proto", "https")
	r = r.WithContext(action.WithConfig(r.Context(), &action.Config{TrustedProxies: proxies}))
	if got, want := facts(r), "http @ [] 80 http://could.not.determine.host http://h.example/ /"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	virtually(t, "get", `{"url":"/a%2Fb?c ","headers":{"host":"evil:9","x-forwarded-for":"1.1.1.1","accept":"text/html"}}`, func(r *http.Request) {
		if got, want := facts(r), "ws 127.0.0.1 [] 80 ws://127.0.0.1:1337 /a%2Fb?c  /a%2Fb"; got != want {
			t.Errorf("%s, want %s", got, want)
		}
		if !action.WantsJSON(r) || !action.IsSocket(r) {
			t.Error("no socket")
		}
	})
}

func facts(r *http.Request) string {
	return strings.Join([]string{
		action.Protocol(r), action.IP(r), "[" + strings.Join(action.IPs(r), " ") + "]", strconv.Itoa(action.Port(r)),
		action.BaseURL(r), action.URL(r), action.Path(r),
	}, " ")
}

// req.wantsJSON.
func TestWantsJSON(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		header []string
		body   string
		want   bool
	}{
		{nil, "", true}, {[]string{"Accept", "*/*"}, "", true}, {[]string{"Accept", "text/html,*/*"}, "", false},
		{[]string{"Accept", "text/html", "X-Requested-With", "XMLHttpRequest"}, "", true},
		{[]string{"Accept", "text/html", "Content-Type", "application/json; charset=utf-8"}, "{}", true},
		{[]string{"Accept", "text/html", "Content-Type", "application/json"}, "", false},
		{[]string{"Accept", "text/html", "Content-Type", "text/plain"}, "{}", false},
	} {
		r := httptest.NewRequest("POST", "/", strings.NewReader(tc.body))
		for i := 0; i < len(tc.header); i += 2 {
			r.Header.Set(tc.header[i], tc.header[i+1])
		}
		if got := action.WantsJSON(r); got != tc.want {
			t.Errorf("%+v: %v", tc, got)
		}
	}
}

// req.headers, for both kinds of client.
func TestHeaders(t *testing.T) {
	t.Parallel()
	r := httptest.NewRequest("GET", "http://h.example/", nil)
	r.Header["Cookie"] = []string{"a=1", "b=2"}
	r.Header["X-List"] = []string{"1", "2"}
	if got, want := action.Headers(r), map[string]string{"cookie": "a=1; b=2", "x-list": "1, 2", "host": "h.example"}; !reflect.DeepEqual(got, want) {
		t.Errorf("%v", got)
	}
	got := ask(t, newApp(), "post", `{"url":"/echo/headers","data":{"a":1},"headers":{"X-Custom":"1","Referer":"r"}}`)
	want := `{"headers":{"Referer":"r","X-Custom":"1","cookie":"sails.sid=s","origin":"http://good.example","referer":"r","x-custom":"1"},"viaGet":{"custom":"1","referrer":"r"}}`
	if body, _ := got.Body.(json.RawMessage); string(body) != want {
		t.Errorf("%s, want %s", body, want)
	}
}
