package action_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/go-sails/sails/sailsio/action"
	"github.com/go-sails/sails/virtualrequest"

	"github.com/gorilla/mux"
)

// One handler answers HTTP and sockets, each the way Sails does.
func Example() {
	router := mux.NewRouter()
	router.Use(action.Vars(mux.Vars))
	router.HandleFunc("/user/{id}", func(w http.ResponseWriter, r *http.Request) {
		if action.Param(r, "id").String() == "0" {
			action.BadRequest(w, r, "no such user")
			return
		}
		action.OK(w, r, action.AllParams(r))
	})

	// Over HTTP.
	w := httptest.NewRecorder()
	router.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/user/7?fields=name", nil))
	fmt.Println(w.Code, w.Body)

	// Over a socket.
	for _, message := range []string{`{"url":"/user/7","data":{"name":"kermit"}}`, `{"url":"/user/0"}`} {
		request, err := virtualrequest.Parse("patch", []byte(message))
		if err != nil {
			fmt.Println(err)
			return
		}
		response := (&virtualrequest.Dispatcher{Handler: router}).Serve(context.Background(), nil, request)
		jwr, _ := response.AppendJSON(nil)
		fmt.Println(string(jwr))
	}
	// Output:
	// 200 {
	//   "fields": "name",
	//   "id": "7"
	// }
	// {"body":{"name":"kermit","id":"7"},"headers":{},"statusCode":200}
	// {"body":"\"no such user\"","headers":{"content-type":"application/json"},"statusCode":400}
}

// An answer with a status of the handler's choice.
func ExampleStatus() {
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		action.JSON(action.Status(w, http.StatusAccepted), r, map[string]int{"queued": 3})
	})
	w := httptest.NewRecorder()
	(&action.Config{Production: true}).Handler(handler).ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/jobs", nil))
	fmt.Println(w.Code, w.Header().Get("Content-Type"), w.Body)
	// Output: 202 application/json; charset=utf-8 {"queued":3}
}
