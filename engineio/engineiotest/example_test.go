package engineiotest_test

import (
	"context"
	"fmt"
	"time"

	"github.com/go-sails/sails/engineio"
	"github.com/go-sails/sails/engineio/engineiotest"
)

func Example() {
	engine, err := engineio.NewServer(echo{}, engineio.Config{}) // says "hello", then echoes
	if err != nil {
		fmt.Println(err)
		return
	}
	server := engineiotest.NewServer(engine)
	defer server.Close()

	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	c, err := server.Open(ctx, engineiotest.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(c.Receive(ctx))
	fmt.Println(c.Upgrade(ctx))
	fmt.Println(c.Send(ctx, engineiotest.Binary(1, 2, 3)))
	fmt.Println(c.Receive(ctx))
	fmt.Println(c.Close(ctx))
	// Output:
	// 4hello <nil>
	// <nil>
	// <nil>
	// 4<01 02 03> <nil>
	// <nil>
}
