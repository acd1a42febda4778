package route_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/gorilla/mux"

	"github.com/go-sails/sails/sailsio/route"
)

// VR-8 for other routers.
func TestTolerant(t *testing.T) {
	see := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, r.URL.EscapedPath()) })
	h := route.Tolerant(see, "/rooms/{room}/join", "/Rooms/New", "/user/:id", "/dir/", "/", "/num/{n:[0-9]+/x}/end", "/café/x", "bad")
	for path, want := range map[string]string{
		"/rooms/Blue/join":    "/rooms/Blue/join",
		"/ROOMS/Blue/Join/":   "/rooms/Blue/join",
		"/rooms/a%2Fb/JOIN":   "/rooms/a%2Fb/join",
		"/user/ABC/":          "/user/ABC",
		"/DIR":                "/dir/",
		"/":                   "/",
		"/Nope/":              "/Nope/",
		"/rooms//join":        "/rooms//join",
		"/user/":              "/user/",
		"/CAF%C3%A9/X":        "/caf%C3%A9/x",
		"/rooms/new/join/etc": "/rooms/new/join/etc",
	} {
		if got := bodyOf(t, overHTTP(t, h, "GET", path, nil, "")); got != want {
			t.Errorf("%s reaches the router as %s, want %s", path, got, want)
		}
	}
}

func ExampleTolerant() {
	router := mux.NewRouter()
	router.HandleFunc("/rooms/{room}/join", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintln(w, "joined", mux.Vars(r)["room"])
	})
	var templates []string
	err := router.Walk(func(r *mux.Route, _ *mux.Router, _ []*mux.Route) error {
		path, err := r.GetPathTemplate()
		if err == nil {
			templates = append(templates, path)
		}
		return nil
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	handler := route.Tolerant(router, templates...)

	w := httptest.NewRecorder()
	handler.ServeHTTP(w, httptest.NewRequest("POST", "/Rooms/Blue/JOIN/", nil))
	fmt.Print(w.Body)
	// Output: joined Blue
}
