package action_test

import (
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/go-sails/sails/sailsio/action"
)

// Queries and forms over plain HTTP, as Express reads them; recorded from real
// Sails but for those marked.
func TestQuery_HTTP(t *testing.T) {
	t.Parallel()
	for query, want := range map[string]string{
		"a=1&a=2":                  `{"a":["1","2"]}`,
		"a[b]=1&a[c]=2":            `{"a":{"b":"1","c":"2"}}`,
		"a[]=1&a[]=2":              `{"a":["1","2"]}`,
		"a[]=1":                    `{"a":["1"]}`,
		"a[0]=x&a[1]=y":            `{"a":["x","y"]}`,
		"a[1]=y&a[0]=x":            `{"a":["x","y"]}`,
		"a[b][c][d][e][f][g]=1":    `{"a":{"b":{"c":{"d":{"e":{"f":{"[g]":"1"}}}}}}}`,
		"a=1&a[b]=2":               `{"a":["1",{"b":"2"}]}`,
		"a[30]=1":                  `{"a":["1"]}`,
		"a[1500]=1":                `{"a":{"1500":"1"}}`,
		"a[2]=x":                   `{"a":["x"]}`,
		"q=100%&r=%zz+":            `{"q":"100%","r":"%zz "}`,
		"x":                        `{"x":""}`,
		"x=":                       `{"x":""}`,
		"=5":                       `{}`,
		"a;b=1":                    `{"a;b":"1"}`,
		"a+b=c+d":                  `{"a b":"c d"}`,
		"a.b=1":                    `{"a.b":"1"}`,
		"a[[b]]=2":                 `{"a":{"[b]":"2"}}`,
		"a]=1":                     `{"a]":"1"}`,
		"[a]=1":                    `{"a":"1"}`,
		"a[b][]=1&a[b][]=2":        `{"a":{"b":["1","2"]}}`,
		"&&a=1&":                   `{"a":"1"}`,
		"a[0][x]=1&a[0][y]=2":      `{"a":[{"x":"1","y":"2"}]}`,
		"a[b]c=1":                  `{"a":{"b":"1"}}`,
		"a[]=b&a=c":                `{"a":["b","c"]}`,
		"a[hasOwnProperty]=1":      `{"a":{"hasOwnProperty":"1"}}`,
		"a[=1":                     `{"a":{"[":"1"}}`,
		"a[b=1&]=":                 `{"a":{"[b":"1"},"]":""}`,
		"a[[b]=1":                  `{"a":{"[[b]":"1"}}`,
		"[b=1":                     `{"[b":"1"}`,
		"[]=1&[]=2":                `{"0":"1","1":"2"}`,
		"[][a]=1":                  `{"0":{"a":"1"}}`,
		"__proto__[x]=1":           `{"__proto__":{"x":"1"}}`, // SEC-79: plain data
		"a[][]=1":                  `{"a":["1"]}`,
		"a[b][]=1&a[b][c]=2&a=3":   `{"a":[{"b":{"0":"1","c":"2"}},"3"]}`,
		"a[]=1&a[b]=2":             `{"a":{"0":"1","b":"2"}}`,
		"a[b]=1&a[]=2&a[]=3":       `{"a":{"b":"1","0":"2","1":"3"}}`,
		"a[b]=1&a=2":               `{"a":[{"b":"1"},"2"]}`,
		"a[0]=2&a=1":               `{"a":["2","1"]}`,
		"a=1&a[0]=2":               `{"a":["1","2"]}`,
		"a[1]=1&a[]=2":             `{"a":["2","1"]}`,
		"a[]=1&a[0]=2":             `{"a":["1","2"]}`,
		"a[][b]=1&a[][c]=2":        `{"a":[{"b":"1","c":"2"}]}`,
		"a[][b]=1&a[][b]=2":        `{"a":[{"b":["1","2"]}]}`,
		"a=1&a=2&a[b]=3":           `{"a":{"0":"1","1":"2","b":"3"}}`,
		"a[b][c]=2&a[b]=1":         `{"a":{"b":[{"c":"2"},"1"]}}`,
		"a[b]=&a=":                 `{"a":{"b":""}}`,
		"a=%ff+b&%ff[%ff]=1":       `{"a":"%ff b","%ff":{"%ff":"1"}}`,
		"a=%C5%BC%":                `{"a":"%C5%BC%"}`,
		"a%5Bb%5D=%C5%BC&%C5%BC=1": `{"a":{"b":"ż"},"ż":"1"}`,
	} {
		r := httptest.NewRequest("GET", "/", nil)
		r.URL.RawQuery = query
		if got := text(t, action.Query(r)); got != want {
			t.Errorf("%s: %s, want %s", query, got, want)
		}
	}
	r := httptest.NewRequest("GET", "/?"+strings.Repeat("a=1&", 5000), nil)
	if got := action.Query(r).Get("a"); strings.Count(string(got.JSON()), "1") != 1000 {
		t.Error("SEC-11: more than 1,000 parameters looked at")
	}
	if action.Query(httptest.NewRequest("GET", "/", nil)) != nil {
		t.Error("no query")
	}
}
