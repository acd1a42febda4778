package virtualrequest_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/go-sails/sails/virtualrequest"
)

func show(r *virtualrequest.Response) string {
	if text, ok := r.AppendJSON(nil); ok {
		return string(text)
	}
	return fmt.Sprintf("%d %v %v", r.StatusCode, r.Header, r.Body)
}

// SU-23, RS-1, RS-3, RS-5, RS-9, RS-30: handlers written for plain HTTP.
func TestPlainHandlers(t *testing.T) {
	t.Parallel()
	modified := time.Date(2024, 1, 2, 3, 4, 5, 0, time.UTC)
	for _, tc := range []struct {
		name    string
		handler http.HandlerFunc
		want    string
	}{
		{"nothing", func(http.ResponseWriter, *http.Request) {}, `{"headers":{},"statusCode":200}`},
		{"WriteHeader", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(201) }, `{"headers":{},"statusCode":201}`},
		{"WriteHeader twice", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(201); w.WriteHeader(500) }, `{"headers":{},"statusCode":201}`},
		{"early hints", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(103); w.WriteHeader(202) }, `{"headers":{},"statusCode":202}`},
		{"invalid status", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(42) }, `{"body":"Internal Server Error","headers":{},"statusCode":500}`},
		{"switching protocols", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(101) }, `{"body":"Internal Server Error","headers":{},"statusCode":500}`},
		{"text", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "hi \"there\"\n\u2028\x01") },
			`{"body":"hi \"there\"\n` + "\u2028" + `\u0001","headers":{},"statusCode":200}`},
		{"chunks", func(w http.ResponseWriter, _ *http.Request) {
			for _, s := range []string{"a", "b"} {
				_, _ = w.Write([]byte(s))
				if err := http.NewResponseController(w).Flush(); err != nil {
					panic(err)
				}
			}
		}, `{"body":"ab","headers":{},"statusCode":200}`},
		{"empty write", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(nil) }, `{"headers":{},"statusCode":200}`},
		{"json.NewEncoder", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			_ = json.NewEncoder(w).Encode(map[string]int{"a": 1})
		}, `{"body":{"a":1},"headers":{"Content-Type":"application/json","content-type":"application/json"},"statusCode":200}`},
		{"problem+json", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("content-type", "Application/Problem+JSON; charset=utf-8")
			w.WriteHeader(400)
			_, _ = w.Write([]byte(` [1] `))
		}, `{"body":[1],"headers":{"Content-Type":"Application/Problem+JSON; charset=utf-8","content-type":"Application/Problem+JSON; charset=utf-8"},"statusCode":400}`},
		{"JSON without content type", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(`{"a":1}`)) }, `{"body":"{\"a\":1}","headers":{},"statusCode":200}`},
		{"broken JSON", func(w http.ResponseWriter, _ *http.Request) {
			w.Header()["content-type"] = []string{"application/json"}
			_, _ = w.Write([]byte(`{"a":`))
		}, `{"body":"{\"a\":","headers":{"content-type":"application/json"},"statusCode":200}`},
		{"http.Error", func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "no", http.StatusTeapot) },
			`{"body":"no\n","headers":{"Content-Type":"text/plain; charset=utf-8","X-Content-Type-Options":"nosniff","content-type":"text/plain; charset=utf-8","x-content-type-options":"nosniff"},"statusCode":418}`},
		{"http.NotFound", http.NotFound,
			`{"body":"404 page not found\n","headers":{"Content-Type":"text/plain; charset=utf-8","X-Content-Type-Options":"nosniff","content-type":"text/plain; charset=utf-8","x-content-type-options":"nosniff"},"statusCode":404}`},
		{"http.Redirect", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/there?a=b", http.StatusSeeOther) },
			`{"headers":{"Location":"/there?a=b","location":"/there?a=b"},"statusCode":303}`},
		{"header set too late", func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write([]byte("first"))
			w.Header().Set("X-Late", "1")
			http.Error(w, "second", 500)
		}, `{"body":"firstsecond\n","headers":{},"statusCode":200}`},
		{"several values", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Add("Vary", "Origin")
			w.Header().Add("Vary", "Accept")
			w.Header()["Cache-Control"] = nil
			w.Header()["content-length"] = []string{"35"}
			w.Header()["X-Own"] = []string{"a"}
			w.Header()["x-own"] = []string{"b"}
		}, `{"headers":{"Vary":["Origin","Accept"],"X-Own":"a","content-length":35,"vary":["Origin","Accept"],"x-own":"b"},"statusCode":200}`},
		{"204 with a body", func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(204)
			if _, err := w.Write([]byte("x")); !errors.Is(err, http.ErrBodyNotAllowed) {
				panic(err)
			}
		}, `{"headers":{},"statusCode":204}`},
		{"not UTF-8", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte{0xff, 0}) }, `200 map[] [255 0]`},
		{"octet-stream", func(w http.ResponseWriter, _ *http.Request) {
			w.Header()["content-type"] = []string{"application/octet-stream"}
			_, _ = w.Write([]byte("abc"))
		}, `200 map[content-type:application/octet-stream] [97 98 99]`},
		{"odd content type", func(w http.ResponseWriter, _ *http.Request) {
			w.Header()["content-type"] = []string{"Application/JSON;;;="}
			_, _ = w.Write([]byte(`1`))
		}, `{"body":1,"headers":{"content-type":"Application/JSON;;;="},"statusCode":200}`},
		{"http.ServeContent", func(w http.ResponseWriter, r *http.Request) {
			http.ServeContent(w, r, "x.txt", modified, strings.NewReader("content"))
		}, `{"body":"content","headers":{"Accept-Ranges":"bytes","Content-Length":7,"Content-Type":"text/plain; charset=utf-8","Last-Modified":"Tue, 02 Jan 2024 03:04:05 GMT","accept-ranges":"bytes","content-length":7,"content-type":"text/plain; charset=utf-8","last-modified":"Tue, 02 Jan 2024 03:04:05 GMT"},"statusCode":200}`},
		{"http.MaxBytesReader", func(w http.ResponseWriter, r *http.Request) {
			if _, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 2)); err == nil {
				panic("read too much")
			}
			w.WriteHeader(413)
		}, `{"headers":{},"statusCode":413}`},
		{"ParseForm", func(w http.ResponseWriter, r *http.Request) {
			if err := r.ParseForm(); err != nil {
				panic(err)
			}
			_, _ = io.WriteString(w, r.FormValue("q"))
		}, `{"body":"1","headers":{},"statusCode":200}`},
		{"http.TimeoutHandler", http.TimeoutHandler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "in time") }), time.Hour, "").ServeHTTP,
			`{"body":"in time","headers":{},"statusCode":200}`},
		{"ServeMux", func(w http.ResponseWriter, r *http.Request) {
			mux := http.NewServeMux()
			mux.HandleFunc("POST /{what}", func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, r.PathValue("what")) })
			mux.ServeHTTP(w, r)
		}, `{"body":"x","headers":{},"statusCode":200}`},
		{"SetBody after WriteHeader", func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(204)
			virtualrequest.SetBody(w, true)
		}, `{"body":true,"headers":{},"statusCode":204}`},
		{"SetBody twice", func(w http.ResponseWriter, _ *http.Request) {
			virtualrequest.SetBody(w, 1)
			virtualrequest.SetBody(w, 2)
			if _, err := w.Write([]byte("3")); !errors.Is(err, virtualrequest.ErrAnswered) {
				panic(err)
			}
		}, `{"body":1,"headers":{},"statusCode":200}`},
		{"SetBody after Write", func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, "1")
			virtualrequest.SetBody(w, 2)
		}, `{"body":"1","headers":{},"statusCode":200}`},
		{"ServeContent binary range", func(w http.ResponseWriter, r *http.Request) {
			r.Header.Set("Range", "bytes=0-0")
			http.ServeContent(w, r, "x.bin", time.Time{}, bytes.NewReader([]byte{255, 254}))
		}, `206 map[Accept-Ranges:bytes Content-Length:1 Content-Range:bytes 0-0/2 Content-Type:application/octet-stream accept-ranges:bytes content-length:1 content-range:bytes 0-0/2 content-type:application/octet-stream] [255]`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			if got := show(ask(t, tc.handler, "post", `{"url":"/x?q=1","data":{"a":1}}`)); got != tc.want {
				t.Errorf("\n got %s\nwant %s", got, tc.want)
			}
		})
	}
}

// RS-30: HEAD keeps its body. SEC-70: nothing to take over.
func TestHead_NoHijacker(t *testing.T) {
	t.Parallel()
	response := ask(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, ok := w.(http.Hijacker); ok || r.Method != http.MethodHead {
			t.Error("a virtual response can be hijacked")
		}
		if _, _, err := http.NewResponseController(w).Hijack(); !errors.Is(err, http.ErrNotSupported) {
			t.Error(err)
		}
		_, _ = io.WriteString(w, "body")
	}), "head", `{"url":"/"}`)
	if response.Body != "body" {
		t.Errorf("body %v", response.Body)
	}
}

// RS-4, SEC-75: Set-Cookie in no spelling, but handed to the socket (SE-10).
func TestSetCookie(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"Set-Cookie", "set-cookie", "SET-COOKIE", "sEt-cOOkie"} {
		response := ask(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header()[name] = []string{"a=1; Path=/", "b=2"}
			w.Header().Set("X-After", "cookie")
			w.WriteHeader(200)
		}), "get", `{"url":"/"}`)
		if got := show(response); got != `{"headers":{"X-After":"cookie","x-after":"cookie"},"statusCode":200}` {
			t.Errorf("%s: %s", name, got)
		}
		if !reflect.DeepEqual(response.SetCookie, []string{"a=1; Path=/", "b=2"}) {
			t.Errorf("%s: SetCookie %v", name, response.SetCookie)
		}
		if text, err := json.Marshal(response); err != nil || bytes.Contains(text, []byte("a=1")) {
			t.Errorf("%s: encoded as %s", name, text)
		}
	}
}

// RS-6, RS-7, SU-4: the two switches.
func TestOmit(t *testing.T) {
	t.Parallel()
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/panic" {
			panic(http.ErrAbortHandler)
		}
		w.Header().Set("X-A", "1")
		w.WriteHeader(400)
		if r.URL.Path == "/body" {
			_, _ = io.WriteString(w, "b")
		}
	})
	for _, tc := range []struct {
		url             string
		headers, status bool
		want            string
	}{
		{"/body", true, false, `{"body":"b","statusCode":400}`},
		{"/body", false, true, `{"body":"b","headers":{"X-A":"1","x-a":"1"}}`},
		{"/body", true, true, `{"body":"b"}`},
		{"/", true, false, `{"statusCode":400}`},
		{"/", false, true, `{"headers":{"X-A":"1","x-a":"1"}}`},
		{"/", true, true, `{}`},
		{"/panic", true, false, `{"body":"Internal Server Error","statusCode":500}`},
		{"nowhere", false, true, `{"body":"Not Found","headers":{}}`},
	} {
		d := &virtualrequest.Dispatcher{Handler: h, OmitHeaders: tc.headers, OmitStatusCode: tc.status}
		response := serve(d, &virtualrequest.Request{Method: "GET", URL: tc.url})
		if got := show(response); got != tc.want {
			t.Errorf("%+v: %s", tc, got)
		}
		if text, err := json.Marshal(response); err != nil || string(text) != tc.want {
			t.Errorf("%+v: encoding/json gives %s, %v", tc, text, err)
		}
	}
}

type withBytes struct {
	Name string `json:"name"`
	Data []byte `json:"data,omitempty"`
	Skip []byte `json:"-"`
	Zero int    `json:"zero,omitzero"`
	None string `json:"none,omitempty"`
	embedded
	*Pointed
	hidden []byte
	When   time.Time `json:"when,omitzero"`
	Any    any
}

type embedded struct {
	Inner []byte `json:"inner"`
	Name  string `json:"name"`
}

// Pointed is embedded by pointer.
type Pointed struct{ P int }

type named []byte

// SetBody: every kind of value, binary however deep, as Response.Body promises.
func TestSetBody(t *testing.T) {
	t.Parallel()
	one := []byte{1}
	for _, tc := range []struct {
		name string
		body any
		want any // nil: refused with 500
	}{
		{"nil", nil, raw("null")},
		{"string", "s", "s"},
		{"bytes", one, one},
		{"no bytes", []byte{}, []byte{}},
		{"raw", raw(`{"z":1,"a":1.00}`), raw(`{"z":1,"a":1.00}`)},
		{"bad raw", raw(`{`), nil},
		{"raw not UTF-8", raw("\"\xff\""), nil},
		{"raw inside, not UTF-8", []json.RawMessage{raw("\"\xff\"")}, nil},
		{"number", 42.5, raw("42.5")},
		{"html", map[string]string{"a": "<&>"}, raw(`{"a":"<&>"}`)},
		{"nested bytes", map[string]any{"bin": one, "n": 1}, map[string]any{"bin": one, "n": raw("1")}},
		{"list", []any{1, []any{one}, nil}, []any{raw("1"), []any{one}, raw("null")}},
		{"array", [2]any{one, "x"}, []any{one, raw(`"x"`)}},
		{"pointer", &withBytes{Name: "n", Data: one}, map[string]any{"name": raw(`"n"`), "data": one, "inner": raw("null"), "Any": raw("null")}},
		{"struct without", withBytes{Name: "n"}, raw(`{"name":"n","inner":null,"Any":null}`)},
		{"embedded", withBytes{embedded: embedded{Inner: one, Name: "shadowed"}, Pointed: &Pointed{3}, When: time.Unix(0, 0).UTC(), hidden: one},
			map[string]any{"name": raw(`""`), "inner": one, "P": raw("3"), "when": raw(`"1970-01-01T00:00:00Z"`), "Any": raw("null")}},
		{"int keys", map[int][]byte{7: one}, map[string]any{"7": one}},
		{"named bytes", named{1}, one},
		{"marshaler", net.IPv4(1, 2, 3, 4), raw(`"1.2.3.4"`)},
		{"bytes in interface slice", []fmt.Stringer{nil}, raw("[null]")},
		{"NaN", math.NaN(), nil},
		{"function", func() {}, nil},
		{"NaN beside bytes", map[string]any{"a": one, "b": math.NaN()}, nil},
		{"bad key", map[struct{ A any }]any{{1}: one}, nil},
		{"cycle", cycle(), nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			response := ask(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				if !virtualrequest.SetBody(wrapper{wrapper{w}}, tc.body) {
					t.Error("SetBody did not find the virtual response")
				}
			}), "get", `{"url":"/"}`)
			if tc.want == nil {
				if response.StatusCode != 500 || response.Body != "Internal Server Error" {
					t.Errorf("answered %d %v", response.StatusCode, response.Body)
				}
				return
			}
			if !reflect.DeepEqual(response.Body, tc.want) {
				t.Errorf("body %#v, want %#v", response.Body, tc.want)
			}
		})
	}
	if virtualrequest.SetBody(nil, 1) || virtualrequest.SetBody(loop{}, 1) {
		t.Error("SetBody found a response where there is none")
	}
}

func raw(s string) json.RawMessage { return json.RawMessage(s) }

func cycle() any {
	m := map[string]any{}
	m["m"] = m
	return m
}

type wrapper struct{ http.ResponseWriter }

func (w wrapper) Unwrap() http.ResponseWriter { return w.ResponseWriter }

type loop struct{ http.ResponseWriter }

func (l loop) Unwrap() http.ResponseWriter { return l }

// The body is the response's own: the handler may change its value afterwards.
func TestSetBody_Copies(t *testing.T) {
	t.Parallel()
	bin, text := []byte{1}, raw("1")
	tree := map[string]any{"bin": bin}
	for _, v := range []any{bin, text, tree} {
		response := ask(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			bin[0], text[0] = 1, '1'
			virtualrequest.SetBody(w, v)
			bin[0], text[0] = 2, '2'
		}), "get", `{"url":"/"}`)
		if s := fmt.Sprint(response.Body); strings.Contains(s, "2") || strings.Contains(s, "50") {
			t.Errorf("body changed to %v", response.Body)
		}
	}
}

// SEC-74: an answer that is too large becomes a 500.
func TestMaxResponse(t *testing.T) {
	t.Parallel()
	big := strings.Repeat("x", 100)
	for _, tc := range []struct {
		name string
		h    http.HandlerFunc
	}{
		{"write", func(w http.ResponseWriter, _ *http.Request) {
			for range 10 {
				if _, err := w.Write([]byte(big)); err != nil {
					if !errors.Is(err, virtualrequest.ErrTooLarge) {
						t.Error(err)
					}
					return
				}
			}
		}},
		{"write string", func(w http.ResponseWriter, _ *http.Request) {
			for range 10 {
				_, _ = io.WriteString(w, big)
			}
		}},
		{"value", func(w http.ResponseWriter, _ *http.Request) { virtualrequest.SetBody(w, strings.Repeat(big, 10)) }},
		{"tree", func(w http.ResponseWriter, _ *http.Request) {
			virtualrequest.SetBody(w, []any{bytes.Repeat([]byte("x"), 1000)})
		}},
		{"ServeContent", func(w http.ResponseWriter, r *http.Request) {
			http.ServeContent(w, r, "x.txt", time.Time{}, strings.NewReader(strings.Repeat(big, 10)))
		}},
	} {
		for _, limit := range []int64{999, 0, -1} {
			d := &virtualrequest.Dispatcher{Handler: tc.h, MaxResponse: limit}
			response := serve(d, &virtualrequest.Request{Method: "GET", URL: "/"})
			if refused := response.StatusCode == 500; refused != (limit == 999) {
				t.Errorf("%s with limit %d: %d", tc.name, limit, response.StatusCode)
			}
		}
	}
}

// AppendJSON and encoding/json agree.
func TestResponse_AppendJSON(t *testing.T) {
	t.Parallel()
	nasty := "\"\\\n\r\t\x00\x7f\xff\xed\xa0\x80żółw\u2028😀\xf0\x9f"
	r := &virtualrequest.Response{Body: nasty, Header: map[string]any{nasty: nasty, "n": 5, "l": []string{nasty, ""}, "odd": true, "bad": math.Inf(1)}, StatusCode: 299}
	text, ok := r.AppendJSON([]byte("x"))
	if !ok || text[0] != 'x' {
		t.Fatal(string(text), ok)
	}
	var got, want any
	if err := json.Unmarshal(text[1:], &got); err != nil {
		t.Fatal(err)
	}
	r.Header["bad"] = nil
	std, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(std, &want); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%s\n%s", text, std)
	}
	if text, ok := (&virtualrequest.Response{Body: []byte("b")}).AppendJSON([]byte("x")); ok || string(text) != "x" {
		t.Errorf("binary body: %s, %v", text, ok)
	}
}
