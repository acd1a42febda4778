package virtualrequest_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/go-sails/sails/virtualrequest"

	"github.com/gorilla/mux"
)

// A gorilla/mux router answers a message that a Sails client sent as event
// "get".
func ExampleDispatcher_Serve() {
	router := mux.NewRouter()
	router.HandleFunc("/user/{id}", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(map[string]string{"id": mux.Vars(r)["id"], "fields": r.FormValue("fields")})
	}).Methods(http.MethodGet)

	dispatcher := &virtualrequest.Dispatcher{Handler: router}
	request, err := virtualrequest.Parse("get", []byte(`{"url":"/user/7?fields=name","headers":{},"data":{}}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	response := dispatcher.Serve(context.Background(), nil, request)
	jwr, _ := response.AppendJSON(nil)
	fmt.Println(string(jwr))
	// Output: {"body":{"fields":"name","id":"7"},"headers":{"Content-Type":"application/json","content-type":"application/json"},"statusCode":200}
}

// A handler answers with a value, and goes on after the answer has left.
func ExampleSetBody() {
	handler := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		virtualrequest.SetBody(w, map[string]any{"accepted": true})
		_ = http.NewResponseController(w).Flush()
		fmt.Println("working")
	})
	dispatcher := &virtualrequest.Dispatcher{Handler: handler}
	request := &virtualrequest.Request{Method: http.MethodPost, URL: "/jobs"}
	dispatcher.Run(context.Background(), nil, request, func(a *virtualrequest.Answer) {
		jwr, _ := a.AppendJSON(nil)
		fmt.Println(string(jwr))
	})
	// Output:
	// {"body":{"accepted":true},"headers":{},"statusCode":200}
	// working
}

// What is no virtual request is answered with an error object.
func ExampleParse() {
	_, err := virtualrequest.Parse("get", []byte(`{"method":"get"}`))
	object, _ := json.Marshal(err)
	fmt.Println(string(object))
	// Output: {"code":"SAILS:HOOK:SOCKETS:PARSE_VIRTUAL_REQ","name":"Error (SAILS:HOOK:SOCKETS:PARSE_VIRTUAL_REQ):","status":400,"message":"Failed to parse incoming socket.io request.","details":"No url provided in request: { method: 'get' }"}
}
