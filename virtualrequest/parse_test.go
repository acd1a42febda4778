package virtualrequest_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/go-sails/sails/virtualrequest"
)

// VR-1, VR-2: seven lower-case event names, and the method field does not count.
func TestParse_Method(t *testing.T) {
	t.Parallel()
	for _, event := range virtualrequest.Methods() {
		r, err := virtualrequest.Parse(event, []byte(`{"url":"/x","method":"trace"}`))
		if err != nil || r.Method != strings.ToUpper(event) {
			t.Errorf("%s: %v, %v", event, r, err)
		}
	}
	for _, event := range []string{"GET", "trace", "", "connect", "Get"} {
		if _, err := virtualrequest.Parse(event, []byte(`{"url":"/x"}`)); err == nil {
			t.Errorf("event %q accepted", event)
		}
	}
}

// VR-4, SU-22: data and params make the body, bit for bit.
func TestParse_Body(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ message, want string }{
		{`{"url":"/x"}`, ``},
		{`{"url":"/x","data":{}}`, `{}`},
		{`{"url":"/x","data":null}`, ``},
		{`{"url":"/x","data":[1,{"a":2}],"params":{"z":1}}`, `[1,{"a":2}]`},
		{`{"url":"/x","data":null,"params":{"b":1,"a":2}}`, `{"b":1,"a":2}`},
		{`{"url":"/x","data":{"a":9,"c":1},"params":{"b":1,"a":2}}`, `{"b":1,"a":9,"c":1}`},
		{`{"url":"/x","data":5}`, ``},
		{`{"url":"/x","data":"abc"}`, ``},
		{`{"url":"/x","data":true,"params":{"x":1}}`, `{"x":1}`},
		{`{"url":"/x","params":[1,[2]]}`, `{"0":1,"1":[2]}`},
		{`{"url":"/x","params":[],"data":{"a":1}}`, `{"a":1}`},
		{`{"url":"/x","params":[1],"data":{"a":1}}`, `{"0":1,"a":1}`},
		{`{"url":"/x","data":{"z":12345678901234567890.10,"\u0061":1, "b" : [ ]}}`, `{"z":12345678901234567890.10,"\u0061":1, "b" : [ ]}`},
		{`{"url":"/x","data":{"__proto__":{"admin":true},"constructor":1}}`, `{"__proto__":{"admin":true},"constructor":1}`}, // SEC-79
		{`{"url":"/x","d\u0061ta":{"a":1},"p\u0061rams":{"b":1}}`, `{"b":1,"a":1}`},
		{`{"url":"/x","data":{"a":1},"params":{"\u0061":2}}`, `{"\u0061":1}`},
	} {
		r, err := virtualrequest.Parse("post", []byte(tc.message))
		if err != nil || string(r.Data) != tc.want {
			t.Errorf("%s: body %s, %v; want %s", tc.message, r.Data, err, tc.want)
		}
	}
}

// ER-1, ER-3, ER-4, ER-9, ER-10, SU-3, SEC-61: the error object, word for word but
// without a stack. The details were recorded from Node Sails.
func TestParse_Errors(t *testing.T) {
	t.Parallel()
	const missing, invalid = "No url provided in request: ", "Invalid url provided: "
	for _, tc := range []struct{ message, details string }{
		{`{}`, missing + "{}"},
		{`{"method":"get","a":{"b":1}}`, missing + "{ method: 'get', a: [Object] }"},
		{`{"a":[],"b":{},"c":[1]}`, missing + "{ a: [], b: {}, c: [Array] }"},
		{`{"url":""}`, missing + "{ url: '' }"},
		{`{"url":0}`, missing + "{ url: 0 }"},
		{`{"url":-0}`, missing + "{ url: -0 }"},
		{`{"url":0.0e5}`, missing + "{ url: 0 }"},
		{`{"url":null}`, missing + "{ url: null }"},
		{`{"url":false}`, missing + "{ url: false }"},
		{`{"a-b":1,"x y":"it's","q":"\"'\n` + "`" + `","n":null,"t":true,"f":1.5e30,"big":1e21}`,
			missing + "{\n  'a-b': 1,\n  'x y': \"it's\",\n  q: '\"\\'\\n`',\n  n: null,\n  t: true,\n  f: 1.5e+30,\n  big: 1e+21\n}"},
		{`{"1":"a","b":2,"é":1,"_x":1}`, missing + "{ '1': 'a', b: 2, 'é': 1, _x: 1 }"},
		{`{"s":"\u0001\u007f\u0085\\\t\r\b\f'\""}`, missing + "{ s: `\\x01\\x7F\\x85\\\\\\t\\r\\b\\f'\"` }"},
		{`{"a":"` + strings.Repeat("x", 90) + `"}`, missing + "{\n  a: '" + strings.Repeat("x", 90) + "'\n}"},
		{`{"a":1,"b":2,"c":3,"d":4,"e":5,"f":6,"g":7,"h":8,"i":9,"j":10}`, missing + "{ a: 1, b: 2, c: 3, d: 4, e: 5, f: 6, g: 7, h: 8, i: 9, j: 10 }"},
		{`null`, missing + "null"},
		{``, missing + "undefined"},
		{`"str"`, missing + "str"},
		{`42`, missing + "42"},
		{`1e400`, missing + "Infinity"},
		{`-1e400`, missing + "-Infinity"},
		{`true`, missing + "true"},
		{`[1,2,[3]]`, missing + "[ 1, 2, [Array] ]"},
		{`[]`, missing + "[]"},
		{`{"url":42}`, invalid + "42"},
		{`{"url":[]}`, invalid + "[]"},
		{`{"url":[1]}`, invalid + "[ 1 ]"},
		{`{"url":{}}`, invalid + "{}"},
		{`{"url":{"a":1}}`, invalid + "{ a: 1 }"},
		{`{"url":true}`, invalid + "true"},
		{`{"url":1.50}`, invalid + "1.5"},
	} {
		_, err := virtualrequest.Parse("get", []byte(tc.message))
		var pe *virtualrequest.ParseError
		if !errors.As(err, &pe) {
			t.Errorf("%s: %v, want a *ParseError", tc.message, err)
			continue
		}
		if pe.Details != tc.details {
			t.Errorf("%s: details %q, want %q", tc.message, pe.Details, tc.details)
		}
		object, err := json.Marshal(pe)
		details, _ := json.Marshal(tc.details)
		want := `{"code":"SAILS:HOOK:SOCKETS:PARSE_VIRTUAL_REQ","name":"Error (SAILS:HOOK:SOCKETS:PARSE_VIRTUAL_REQ):","status":400,"message":"Failed to parse incoming socket.io request.","details":` + string(details) + `}`
		if err != nil || string(object) != want {
			t.Errorf("%s: object %s, want %s", tc.message, object, want)
		}
		if !strings.HasPrefix(pe.Error(), "virtualrequest: ") {
			t.Errorf("Error() = %q", pe.Error())
		}
	}
}

// A parse error repeats little of a large message.
func TestParse_ErrorIsShort(t *testing.T) {
	t.Parallel()
	for _, message := range []string{
		`{"a":"` + strings.Repeat("żółć", 100_000) + `"}`,
		`[` + strings.Repeat("1,", 100_000) + `1]`,
		`{` + strings.Repeat(`"a":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",`, 10_000) + `"b":1}`,
		`{"url":` + strings.Repeat("1", 100_000) + `}`,
		strings.Repeat("x", 100_000), // not JSON at all
	} {
		_, err := virtualrequest.Parse("get", []byte(message))
		if err == nil || len(err.Error()) > 6000 {
			t.Errorf("error of %d bytes for %.20s...", len(err.Error()), message)
		}
	}
}

// ER-5, ER-8.
func TestNewCallbackError(t *testing.T) {
	t.Parallel()
	if e := virtualrequest.NewCallbackError(); !strings.Contains(e.Details, "must be a function") || e.Status != 400 {
		t.Errorf("%+v", e)
	}
}

// ER-6, ER-9: the version gate.
func TestCheckSDK(t *testing.T) {
	t.Parallel()
	for _, v := range []string{"0.11.0", "0.11.5", "1.2.1", "1.0.0-beta", "1.0.0-0.1+b", "10.0.0", "v1.2.3", " 1.2.1 ", "0.13.0+build"} {
		if err := virtualrequest.CheckSDK(v); err != nil {
			t.Errorf("%q refused: %v", v, err)
		}
	}
	for _, v := range []string{"", "0.10.9", "0.9.0", "garbage", "1", "1.2", "01.2.3", "1.2.x", "1.2.3-", "-1.2.3", "1.2.99999999999999999999", strings.Repeat("9", 10000)} {
		var pe *virtualrequest.ParseError
		if err := virtualrequest.CheckSDK(v); !errors.As(err, &pe) || len(pe.Details) > 6000 {
			t.Errorf("%.20q: %v", v, err)
		}
	}
	if err := virtualrequest.CheckSDK(""); !strings.Contains(err.Error(), "(0.9.0)") {
		t.Error(err)
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{
		`{"method":"get","headers":{},"data":{},"url":"/echo"}`, `{"url":42}`, `null`, `{"url":"/x","data":[1],"params":{"a":1}}`,
		`{"url":"/x","headers":{"X-A":[1,[2,null],{}],"b":1e21}}`, `{"url":"\ud800"}`, `{"url":"/a","data":{"a":1},"params":{"\u0061":2}}`,
		`[[[[`, `{"url":"http://app.example:1337/x?y"}`, "{\"url\":\"\xff\"}",
	} {
		f.Add("get", []byte(s))
	}
	f.Fuzz(func(t *testing.T, event string, payload []byte) {
		r, err := virtualrequest.Parse(event, payload)
		if err != nil {
			var pe *virtualrequest.ParseError
			if !errors.As(err, &pe) || pe.Details == "" {
				t.Fatalf("error %v", err)
			}
			return
		}
		if r.Data != nil && !json.Valid(r.Data) {
			t.Fatalf("body %q of %q", r.Data, payload)
		}
		response := serve(&virtualrequest.Dispatcher{Handler: inspector{}}, r)
		text, ok := response.AppendJSON(nil)
		if !ok || !json.Valid(text) {
			t.Fatalf("JWR %q of %q", text, payload)
		}
		_ = r.SailsHeader()
	})
}
