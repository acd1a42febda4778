package route_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/go-sails/sails/sailsio/action"
	"github.com/go-sails/sails/sailsio/route"
)

func Example() {
	show := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "user %s", r.PathValue("id"))
	})
	onlyAdmins := func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("X-Admin") == "" {
				action.Forbidden(w, r)
				return
			}
			next.ServeHTTP(w, r)
		})
	}
	policies, err := route.NewPolicies(route.PolicyConfig{
		Registry: map[string]route.Policy{"onlyAdmins": onlyAdmins},
		Rules:    map[string][]string{"user/*": {"onlyAdmins"}, "user/findone": {route.Allow}},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	router, err := route.New(route.Config{
		Policies: policies,
		Actions:  map[string]http.Handler{"user/findone": show, "user/destroy": show},
		Routes: []route.Route{
			{Address: "GET /user/:id", Action: "user/findone"},
			{Address: "DELETE /user/:id", Action: "user/destroy"},
		},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, method := range []string{"GET", "DELETE"} {
		w := httptest.NewRecorder()
		router.ServeHTTP(w, httptest.NewRequest(method, "/User/7/", nil))
		fmt.Println(w.Code, w.Body)
	}
	// Output:
	// 200 user 7
	// 403 Forbidden
}
