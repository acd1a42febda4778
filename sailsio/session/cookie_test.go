package session_test

import (
	"encoding/json"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-sails/sails/sailsio/session"
)

// signatures.json was written by the npm packages cookie-signature 1.0.7 and
// cookie 0.7.2.
type signature struct{ SID, Secret, Signed, Cookie string }

func nodeSignatures(t testing.TB) []signature {
	t.Helper()
	data, err := os.ReadFile("testdata/signatures.json")
	if err != nil {
		t.Fatal(err)
	}
	var list []signature
	if err := json.Unmarshal(data, &list); err != nil {
		t.Fatal(err)
	}
	return list
}

// SE-3, SE-5: what Node signs verifies here, and the other way round.
func TestSign_SameAsNode(t *testing.T) {
	for _, s := range nodeSignatures(t) {
		if got := session.Sign(s.SID, s.Secret); got != s.Signed {
			t.Errorf("Sign(%q, %q) = %q, Node has %q", s.SID, s.Secret, got, s.Signed)
		}
		if got := "sails.sid=" + session.CookieValue(s.SID, s.Secret); got != s.Cookie {
			t.Errorf("cookie %q, Node has %q", got, s.Cookie)
		}
		if sid, ok := session.Unsign(s.Signed, "another", s.Secret); !ok || sid != s.SID {
			t.Errorf("Unsign(%q) = %q, %v", s.Signed, sid, ok)
		}
		header := http.Header{"Cookie": {"x=1; " + s.Cookie + "; y=2"}}
		if got := session.SignedID(header, "sails.sid", "another", s.Secret); got != s.SID {
			t.Errorf("header %q: id %q", s.Cookie, got)
		}
		raw := http.Header{"Cookie": {"sails.sid=s:" + s.Signed}} // SE-5: raw values are accepted
		if got := session.SignedID(raw, "sails.sid", s.Secret); got != s.SID {
			t.Errorf("raw header: id %q, want %q", got, s.SID)
		}
	}
}

// SE-5, SEC-77: anything but the exact signature is none.
func TestUnsign_Refuses(t *testing.T) {
	good := session.Sign("kB7", "secret")
	for _, bad := range []string{
		"", ".", "kB7", "kB7.", good[:len(good)-1], good + "=", good + "x", "x" + good, strings.ToUpper(good), "kB8" + good[3:], "kB7.." + good[4:],
	} {
		if sid, ok := session.Unsign(bad, "secret"); ok {
			t.Errorf("Unsign(%q) = %q", bad, sid)
		}
	}
	if _, ok := session.Unsign(good); ok {
		t.Error("verified without a secret")
	}
	if _, ok := session.Unsign(good, "Secret"); ok {
		t.Error("verified with another secret")
	}
}

// SE-6: values as the npm package cookie reads them.
func TestCookieValues(t *testing.T) {
	for header, want := range map[string][]string{
		"a=1; sails.sid=x; sails.sid=y":          {"x", "y"},
		`sails.sid="q"`:                          {"q"},
		"sails.sid=a%20b":                        {"a b"},
		"sails.sid=%zz":                          {"%zz"},
		"sails.sid=%ff":                          {"%ff"},
		"sails.sid":                              nil,
		"; ;\tsails.sid = v\t;":                  {"v"},
		"SAILS.SID=x":                            nil,
		"a=b=sails.sid=c; sails.sid=d=e":         {"d=e"},
		"sails.sid=":                             {""},
		"sails.sid=x; Path=/; HttpOnly":          {"x"}, // attributes are harmless
		"sails.sid=" + strings.Repeat("x", 9999): nil,
	} {
		if got := session.CookieValues(http.Header{"Cookie": {header}}, "sails.sid"); !slices.Equal(got, want) {
			t.Errorf("%.60q: %q, want %q", header, got, want)
		}
	}
}

// SEC-77: of several cookies the first with a valid signature wins, whatever
// stands before it; and a flood of them is not checked to the end.
func TestSignedID_FirstValidWins(t *testing.T) {
	cookie := func(sid, secret string) string { return "sails.sid=" + session.CookieValue(sid, secret) }
	good, other := cookie("good", "now"), cookie("other", "now")
	old := cookie("old", "before")
	for _, c := range []struct{ header, want string }{
		{good + "; " + other, "good"},
		{"sails.sid=plain; " + good, "good"},
		{cookie("forged", "guess") + "; " + good + "; " + other, "good"},
		{old, "old"},
		{old + "; " + good, "old"},
		{cookie("forged", "guess"), ""},
		{"sails.sid=j%3A%7B%22a%22%3A1%7D", ""}, // never decoded into objects
		{cookie("", "now"), ""},
		{strings.Repeat(cookie("forged", "guess")+"; ", 20) + good, ""},
	} {
		if got := session.SignedID(http.Header{"Cookie": {c.header}}, "sails.sid", "now", "before"); got != c.want {
			t.Errorf("%.80q: id %q, want %q", c.header, got, c.want)
		}
	}
	lines := http.Header{"Cookie": {"a=1", good}}
	if got := session.SignedID(lines, "sails.sid", "now"); got != "good" {
		t.Errorf("second Cookie line: id %q", got)
	}
}

// SE-20, SE-21: texts written by express-session 1.18.2 come out as it would
// write them again at the same moment, and give the Set-Cookie it would send.
func TestStoredForm_SameAsNode(t *testing.T) {
	now := time.UnixMilli(1700000000123)
	for _, c := range []struct{ stored, again, attributes string }{
		{
			`{"cookie":{"originalMaxAge":null,"expires":null,"httpOnly":true,"path":"/"},"user":1}`, "",
			"; Path=/; HttpOnly",
		}, {
			`{"cookie":{"originalMaxAge":86400000,"expires":"2023-11-15T22:13:20.123Z","httpOnly":true,"path":"/"},"user":1}`, "",
			"; Path=/; Expires=Wed, 15 Nov 2023 22:13:20 GMT; HttpOnly",
		}, {
			`{"cookie":{"originalMaxAge":1500,"partitioned":true,"priority":"high","expires":"2023-11-14T22:13:21.623Z","secure":true,"httpOnly":true,"domain":"example.com","path":"/x","sameSite":"none"},"user":1}`, "",
			"; Domain=example.com; Path=/x; Expires=Tue, 14 Nov 2023 22:13:21 GMT; HttpOnly; Secure; Partitioned; Priority=High; SameSite=None",
		}, {
			`{"cookie":{"originalMaxAge":null,"expires":null,"secure":false,"httpOnly":false,"path":"/","sameSite":true},"user":1}`, "",
			"; Path=/; SameSite=Strict",
		}, {
			`{"cookie":{"originalMaxAge":null,"expires":null,"httpOnly":true,"path":"/","sameSite":"lax"},"user":1}`, "",
			"; Path=/; HttpOnly; SameSite=Lax",
		}, { // SE-21: the short form stays short
			`{"cookie":{"httpOnly":true,"path":"/"},"a":1}`, "",
			"; Path=/; HttpOnly",
		}, {
			`{"cookie":{"originalMaxAge":null,"expires":"2020-01-01T00:00:00.000Z"}}`,
			`{"cookie":{"originalMaxAge":null,"expires":null,"httpOnly":true,"path":"/"}}`,
			"; Path=/; HttpOnly",
		}, {
			`{"cookie":{"originalMaxAge":5000,"expires":"2020-01-01T00:00:00.000Z","httpOnly":false,"path":"/y","sameSite":"Strict"},"z":{"b":1,"a":[1,2]},"y":null}`,
			`{"cookie":{"originalMaxAge":5000,"expires":"2023-11-14T22:13:25.123Z","httpOnly":false,"path":"/y","sameSite":"Strict"},"z":{"b":1,"a":[1,2]},"y":null}`,
			"; Path=/y; Expires=Tue, 14 Nov 2023 22:13:25 GMT; SameSite=Strict",
		}, { // values keep their text; keys their order
			`{"b":1.50,"cookie":{"httpOnly":true,"path":"/"},"__proto__":{"x":1},"a":"<&>"}`,
			`{"cookie":{"httpOnly":true,"path":"/"},"b":1.50,"__proto__":{"x":1},"a":"<&>"}`,
			"; Path=/; HttpOnly",
		}, { // nonsense in the cookie object is left out
			`{"cookie":{"originalMaxAge":"x","secure":"auto","domain":5,"path":null,"priority":"odd","sameSite":"odd"},"a":1}`,
			`{"cookie":{"originalMaxAge":null,"priority":"odd","expires":null,"httpOnly":true,"path":"/","sameSite":"odd"},"a":1}`,
			"; Path=/; HttpOnly",
		}, {
			`{"a":1,"cookie":[]}`,
			`{"cookie":{"httpOnly":true,"path":"/"},"a":1}`,
			"; Path=/; HttpOnly",
		}, { // a stored domain cannot inject attributes
			`{"cookie":{"httpOnly":true,"domain":"x; Secure","path":"/\r\nX: y"}}`, `-`,
			"; HttpOnly",
		},
	} {
		again, set, err := session.Recode([]byte(c.stored), now)
		if err != nil {
			t.Errorf("%s: %v", c.stored, err)
			continue
		}
		if c.again == "" {
			c.again = c.stored
		}
		if c.again != "-" && string(again) != c.again {
			t.Errorf("stored  %s\nagain   %s\nexpected %s", c.stored, again, c.again)
		}
		if _, attributes, _ := strings.Cut(set, ";"); ";"+attributes != c.attributes {
			t.Errorf("%s\n   sets %q, want %q", c.stored, ";"+attributes, c.attributes)
		}
	}
}

func TestStoredForm_Unreadable(t *testing.T) {
	for _, stored := range []string{"", "null", "[]", "{", `{"a":}`, `{"a":1}x`, `{"a":1}{}`, `{"a" 1}`, `5`, `{"a":1`, "{\"a\":" + strings.Repeat("[", 20000)} {
		if _, _, err := session.Recode([]byte(stored), time.Now()); err == nil {
			t.Errorf("%.40q was read", stored)
		}
	}
}

func FuzzUnsign(f *testing.F) {
	for _, s := range nodeSignatures(f) {
		f.Add(s.Signed, s.Secret)
	}
	f.Add("a.b.c", "")
	f.Fuzz(func(t *testing.T, signed, secret string) {
		sid, ok := session.Unsign(signed, secret)
		if ok != (signed == session.Sign(sid, secret)) && ok {
			t.Fatalf("accepted %q as %q", signed, sid)
		}
		if sid, ok := session.Unsign(session.Sign(signed, secret), secret); !ok || sid != signed {
			t.Fatalf("own signature of %q refused", signed)
		}
	})
}

func FuzzCookieHeader(f *testing.F) {
	for _, s := range nodeSignatures(f) {
		f.Add("a=1; " + s.Cookie)
	}
	f.Add(`sails.sid="; sails.sid=%`)
	f.Add("=;=;sails.sid=s:.;;")
	f.Fuzz(func(t *testing.T, header string) {
		sid := session.SignedID(http.Header{"Cookie": {header}}, "sails.sid", "keyboard cat")
		if sid != "" && !strings.Contains(header, "sails.sid") {
			t.Fatalf("id %q out of %q", sid, header)
		}
		own := "sails.sid=" + session.CookieValue("me", "keyboard cat")
		if got := session.SignedID(http.Header{"Cookie": {own + ";" + header}}, "sails.sid", "keyboard cat"); got != "me" {
			t.Fatalf("%q hid our own cookie: %q", header, got)
		}
	})
}

func FuzzStoredForm(f *testing.F) {
	f.Add([]byte(`{"cookie":{"originalMaxAge":86400000,"expires":"2023-11-15T22:13:20.123Z","httpOnly":true,"path":"/"},"user":{"a":[1,"x",null]}}`))
	f.Add([]byte(`{"cookie":{"originalMaxAge":1e999,"sameSite":true},"cookie":1,"a":1,"a":2}`))
	f.Add([]byte(`{"\ud800":1,"<":"\u2028"}`))
	f.Fuzz(func(t *testing.T, stored []byte) {
		now := time.UnixMilli(1700000000123)
		again, set, err := session.Recode(stored, now)
		if err != nil {
			return
		}
		if strings.ContainsAny(set, "\r\n\x00") {
			t.Fatalf("%q sets %q", stored, set)
		}
		third, _, err := session.Recode(again, now)
		if err != nil || string(third) != string(again) {
			t.Fatalf("%q\n->%q\n->%q, %v", stored, again, third, err)
		}
	})
}
