package sailsio_test

import (
	"context"
	"fmt"
	"log"
	"net/http"

	"github.com/gorilla/mux"

	"github.com/go-sails/sails/sailsio"
	"github.com/go-sails/sails/sailsio/sailstest"
)

// The same route answers plain HTTP and io.socket.post("/rooms/blue/join").
func ExampleNew() {
	r := mux.NewRouter()
	app, err := sailsio.New(sailsio.Config{Handler: r})
	if err != nil {
		log.Fatal(err)
	}
	r.HandleFunc("/rooms/{room}/join", func(w http.ResponseWriter, req *http.Request) {
		id, room := sailsio.SocketID(req), mux.Vars(req)["room"]
		if err := app.Sockets().Join(req.Context(), id, room); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest) // ErrNotSocket over plain HTTP
			return
		}
		_ = app.Sockets().Broadcast(req.Context(), room, "joined", map[string]string{"who": id}, sailsio.By(req))
		w.WriteHeader(http.StatusNoContent)
	}).Methods(http.MethodPost)

	// In a program: log.Fatal(http.ListenAndServe(":1337", app))
	server := sailstest.NewServer(app)
	defer server.Close()
	ctx := context.Background()
	ann, err := server.Connect(ctx, sailstest.Options{})
	if err != nil {
		log.Fatal(err)
	}
	bob, err := server.Connect(ctx, sailstest.Options{})
	if err != nil {
		log.Fatal(err)
	}
	for _, client := range []*sailstest.Client{ann, bob} {
		answer, err := client.Post(ctx, "/rooms/blue/join", nil)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(answer.StatusCode)
	}
	event, err := ann.ExpectEvent(ctx, "joined")
	var who struct{ Who string }
	fmt.Println(event.Name, event.Decode(&who), who.Who == bob.ID(), err)
	// Output:
	// 204
	// 204
	// joined <nil> true <nil>
}

// Sockets subscribe to records and learn what happens to them.
func ExampleApp_Model() {
	app, err := sailsio.New(sailsio.Config{Handler: http.NotFoundHandler()})
	if err != nil {
		log.Fatal(err)
	}
	server := sailstest.NewServer(app)
	defer server.Close()
	ctx := context.Background()
	ann, err := server.Connect(ctx, sailstest.Options{})
	if err != nil {
		log.Fatal(err)
	}
	if _, err := ann.Get(ctx, "/", nil); err != nil {
		log.Fatal(err)
	}

	articles := app.Model("article")
	_ = articles.Watch(ctx, ann.ID())
	_ = articles.PublishCreate(ctx, map[string]any{"id": 1, "title": "Hello"})
	_ = articles.PublishUpdate(ctx, 1, map[string]any{"title": "Hello, world"})
	_ = articles.PublishDestroy(ctx, 1)

	for range 3 {
		event, err := ann.ExpectEvent(ctx, "article")
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(event)
	}
	// Output:
	// ["article",{"verb":"created","data":{"id":1,"title":"Hello"},"id":1}]
	// ["article",{"verb":"updated","data":{"title":"Hello, world"},"id":1}]
	// ["article",{"verb":"destroyed","id":1}]
}
