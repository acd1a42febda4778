package action_test

import (
	"encoding/json"
	"errors"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/go-sails/sails/sailsio/action"
	"github.com/go-sails/sails/virtualrequest"

	"github.com/gorilla/mux"
)

// The reference application of the conformance suite, as far as virtual
// requests and responses go, written with gorilla/mux and this package.

type object = map[string]any

func newApp() http.Handler {
	r := mux.NewRouter()
	r.Use(action.Vars(mux.Vars))
	any5 := []string{"GET", "POST", "PUT", "DELETE", "PATCH", "HEAD"}
	r.HandleFunc("/echo", echo).Methods(any5...)
	r.HandleFunc("/echo/only-get", echo).Methods("GET")
	r.HandleFunc("/echo/only-post", echo).Methods("POST")
	r.HandleFunc("/echo/opt", echo).Methods("OPTIONS")
	r.HandleFunc("/echo/head", echo).Methods("HEAD")
	r.HandleFunc("/echo/headers", echoHeaders)
	r.HandleFunc("/echo/p/{first}", echoParams)
	r.HandleFunc("/echo/p/{first}/{second}", echoParams)
	r.HandleFunc("/echo/wild/{0:.*}", echoParams)
	r.HandleFunc(`/echo/re/{num:\d+}/{word:\w+}`, func(w http.ResponseWriter, r *http.Request) {
		v := mux.Vars(r)
		echoParams(w, action.WithParams(r, []action.PathParam{{"0", v["num"]}, {"1", v["word"]}, {"num", v["num"]}, {"word", v["word"]}}))
	})
	r.HandleFunc("/go/redirect", func(w http.ResponseWriter, r *http.Request) {
		action.Redirect(w, r, "/echo?from=static-redirect")
	})
	r.HandleFunc("/go/response", teapot)
	r.HandleFunc("/res/status/{code}", func(w http.ResponseWriter, r *http.Request) {
		code, _ := action.Param(r, "code").Int()
		action.JSON(action.Status(w, int(code)), r, object{"code": code})
	})
	r.HandleFunc("/res/sendstatus/{code}", func(w http.ResponseWriter, r *http.Request) {
		code, _ := action.Param(r, "code").Int()
		action.SendStatus(w, r, int(code))
	})
	r.HandleFunc("/res/async-throw", func(w http.ResponseWriter, r *http.Request) {
		if action.Param(r, "json").Defined() {
			action.ServerError(w, r, jsonError(`{"thrown":"as json"}`))
			return
		}
		action.ServerError(w, r, errors.New("thrown asynchronously"))
	})
	r.HandleFunc("/res/{kind}", func(w http.ResponseWriter, r *http.Request) {
		kind := action.Param(r, "kind").String()
		if answer, ok := kinds[kind]; ok {
			answer(w, r)
			return
		}
		action.JSON(action.Status(w, 404), r, object{"unknownKind": kind})
	})
	notFound := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { action.NotFound(w, r) })
	r.NotFoundHandler = notFound
	r.MethodNotAllowedHandler = notFound
	return r
}

func echo(w http.ResponseWriter, r *http.Request) {
	var transport any
	if action.IsSocket(r) {
		transport = "socket.io"
	}
	var body any = "undefined"
	if b := action.Body(r); b.Defined() {
		body = b
	}
	action.JSON(w, r, struct {
		Method      string        `json:"method"`
		URL         string        `json:"url"`
		OriginalURL string        `json:"originalUrl"`
		Path        string        `json:"path"`
		Query       action.Params `json:"query"`
		Body        any           `json:"body"`
		All         action.Params `json:"all"`
		IsSocket    bool          `json:"isSocket"`
		Protocol    string        `json:"protocol"`
		Transport   any           `json:"transport"`
		WantsJSON   bool          `json:"wantsJSON"`
		IP          string        `json:"ip"`
		Port        int           `json:"port"`
	}{
		r.Method, action.URL(r), action.URL(r), r.URL.Path, query(r), body, all(r),
		action.IsSocket(r), action.Protocol(r), transport, action.WantsJSON(r), action.IP(r), action.Port(r),
	})
}

func query(r *http.Request) action.Params { return append(action.Params{}, action.Query(r)...) }
func all(r *http.Request) action.Params   { return append(action.Params{}, action.AllParams(r)...) }

func echoHeaders(w http.ResponseWriter, r *http.Request) {
	h := action.Headers(r)
	orNull := func(names ...string) any {
		for _, n := range names {
			if v, ok := h[n]; ok {
				return v
			}
		}
		return nil
	}
	action.JSON(w, r, object{"headers": h, "viaGet": object{"custom": orNull("x-custom"), "referrer": orNull("referrer", "referer")}})
}

func echoParams(w http.ResponseWriter, r *http.Request) {
	params := object{}
	for _, p := range action.PathParams(r) {
		params[p.Name] = p.Value
	}
	fallback := "fallback"
	if v := action.Param(r, "no-such-param"); v.Defined() {
		fallback = v.String()
	}
	action.JSON(w, r, object{
		"path": r.URL.Path, "params": params, "first": action.Param(r, "first"), "fallback": fallback,
		"all": all(r), "query": query(r), "body": action.Body(r),
	})
}

func teapot(w http.ResponseWriter, r *http.Request) {
	action.SetHeader(w, "X-Teapot", "short-and-stout")
	action.JSON(action.Status(w, 418), r, object{"teapot": true, "url": action.URL(r)})
}

// jsonError is an error with a JSON form.
type jsonError string

func (e jsonError) Error() string                { return "x" }
func (e jsonError) MarshalJSON() ([]byte, error) { return []byte(e), nil }

type handler = func(w http.ResponseWriter, r *http.Request)

func send(v any) handler {
	return func(w http.ResponseWriter, r *http.Request) { action.Send(w, r, v) }
}
func asJSON(v any) handler {
	return func(w http.ResponseWriter, r *http.Request) { action.JSON(w, r, v) }
}
func helper(f func(http.ResponseWriter, *http.Request, ...any), data ...any) handler {
	return func(w http.ResponseWriter, r *http.Request) { f(w, r, data...) }
}

var kinds = map[string]handler{
	"string":       send("hello"),
	"empty-string": send(""),
	"html": func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		action.Send(w, r, "<b>hi</b>")
	},
	"nothing":     action.End,
	"null":        send(nil),
	"json-null":   asJSON(nil),
	"true":        asJSON(true),
	"false":       asJSON(false),
	"zero":        asJSON(0),
	"number":      asJSON(42.5),
	"json-string": asJSON("quoted"),
	"array":       send([]any{1, "two", nil, object{"three": 3}}),
	"object":      send(json.RawMessage(`{"a":1,"nested":{"b":[true,false]},"empty":{}}`)),
	"holes": asJSON(struct {
		NaN  any       `json:"nan"`
		Inf  any       `json:"inf"`
		Arr  []any     `json:"arr"`
		Date time.Time `json:"date"`
		Neg  int       `json:"neg"`
	}{nil, nil, []any{nil, nil}, time.Date(2001, 2, 3, 4, 5, 6, 0, time.UTC), 0}),
	"unicode": send(object{"s": "zażółć 日本語 👩‍🚀 \u0000 \u2028 \"\\"}),
	"buffer":  send([]byte{0, 1, 2, 250, 255}),
	"nested-buffer": func(w http.ResponseWriter, r *http.Request) {
		if action.IsSocket(r) {
			action.Send(w, r, object{"bin": []byte("abc"), "n": 1})
			return
		}
		action.JSON(w, r, object{"bin": "http", "n": 1})
	},
	"unencodable":    asJSON(math.NaN()),
	"ok":             helper(action.OK),
	"ok-data":        helper(action.OK, object{"fine": true}),
	"ok-string":      helper(action.OK, "fine"),
	"ok-error":       helper(action.OK, errors.New("odd")),
	"created":        helper(action.Created, object{"id": 7}),
	"created-empty":  helper(action.Created),
	"bad":            helper(action.BadRequest),
	"bad-data":       helper(action.BadRequest, object{"problem": "too short"}),
	"bad-string":     helper(action.BadRequest, "too short"),
	"bad-error":      helper(action.BadRequest, errors.New("<b>too short</b>")),
	"bad-tojson":     helper(action.BadRequest, jsonError(`{"custom":"json"}`)),
	"forbidden":      helper(action.Forbidden),
	"forbidden-data": helper(action.Forbidden, object{"ignored": true}),
	"notfound":       helper(action.NotFound),
	"notfound-data":  helper(action.NotFound, "ignored"),
	"error":          helper(action.ServerError),
	"error-string":   helper(action.ServerError, "boom string"),
	"error-object":   helper(action.ServerError, object{"boom": "object"}),
	"error-error":    helper(action.ServerError, errors.New("boom error")),
	"error-tojson":   helper(action.ServerError, jsonError(`{"boom":"json"}`)),
	"throw":          helper(action.ServerError, errors.New("thrown synchronously")),
	"panic":          func(http.ResponseWriter, *http.Request) { panic("secret") },
	"double": func(w http.ResponseWriter, r *http.Request) {
		action.Send(w, r, object{"first": true})
		action.Send(w, r, object{"second": true})
	},
	"slow": func(w http.ResponseWriter, r *http.Request) {
		action.Send(w, r, object{"slow": true, "tag": action.Param(r, "tag")})
	},
	"stream": func(w http.ResponseWriter, _ *http.Request) {
		for _, chunk := range []string{"chunk one;", "chunk two;"} {
			if _, err := w.Write([]byte(chunk)); err != nil {
				return
			}
			_ = http.NewResponseController(w).Flush()
		}
	},
	"end":      func(w http.ResponseWriter, r *http.Request) { action.End(action.Status(w, 202), r) },
	"redirect": func(w http.ResponseWriter, r *http.Request) { action.Redirect(w, r, "/echo?from=redirect") },
	"redirect-301": func(w http.ResponseWriter, r *http.Request) {
		action.Redirect(action.Status(w, 301), r, "/moved")
	},
	"redirect-abs": func(w http.ResponseWriter, r *http.Request) {
		action.Redirect(w, r, "http://elsewhere.example/path?q=1")
	},
	"headers": func(w http.ResponseWriter, r *http.Request) {
		action.SetHeader(w, "X-One", "first")
		action.SetHeader(w, "x-two", "2")
		action.SetHeader(w, "Content-Language", "pl")
		action.SetHeader(w, "Cache-Control", "no-store")
		action.JSON(w, r, object{"got": w.Header().Get("X-One")})
	},
	"set-cookie": func(w http.ResponseWriter, r *http.Request) {
		action.SetHeader(w, "Set-Cookie", "flavour=oat; Path=/")
		action.SetHeader(w, "X-After", "cookie")
		action.JSON(w, r, object{"cookie": "set"})
	},
	"status-201":    func(w http.ResponseWriter, r *http.Request) { action.JSON(action.Status(w, 201), r, object{"s": 201}) },
	"status-204":    func(w http.ResponseWriter, r *http.Request) { action.End(action.Status(w, 204), r) },
	"status-string": func(w http.ResponseWriter, r *http.Request) { action.Send(action.Status(w, 299), r, "custom code") },
	"teapot":        teapot,
}

// handshake is the request that opened the sockets of the tests.
func handshake() *virtualrequest.Origin {
	r, err := http.NewRequest(http.MethodGet, "http://127.0.0.1:1337/socket.io/?EIO=3", nil)
	if err != nil {
		panic(err)
	}
	r.RemoteAddr = "127.0.0.1:" + strconv.Itoa(40000)
	r.Header.Set("Cookie", "sails.sid=s")
	r.Header.Set("Origin", "http://good.example")
	r.Header.Set("User-Agent", strings.Repeat("x", 3))
	return virtualrequest.NewOrigin(r)
}
