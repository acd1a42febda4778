package socketio_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-sails/sails/engineio/engineiotest"
	"github.com/go-sails/sails/socketio"
)

// base serves the application of the protocol suites.
func base(r *rig) {
	for _, name := range []string{"/", "/custom"} {
		r.io.Of(name).OnConnect(func(_ context.Context, s *socketio.Socket) error {
			return s.Emit("auth", s.Handshake().Auth)
		})
	}
	main := r.io.Of("/")
	main.HandleFunc("message", func(_ context.Context, e *socketio.Event) error {
		return e.Socket().Emit("message-back", e.Args())
	})
	main.HandleFunc("message-with-ack", func(_ context.Context, e *socketio.Event) error { return e.Ack(e.Args()) })
	syncing(main)
}

// Spec 2.3, the cases of the protocol document's suite for revision 5.
func TestProtocol_Connect(t *testing.T) {
	run := func(name string, test func(t *testing.T, r *rig)) {
		t.Run(name, func(t *testing.T) {
			bubble(t, socketio.Config{}, func(t *testing.T, r *rig) {
				base(r)
				test(t, r)
			})
		})
	}
	run("main namespace", func(t *testing.T, r *rig) {
		c := r.open()
		c.send("0")
		c.connected("/")
		c.expect(`2["auth",{}]`)
	})
	run("with auth", func(t *testing.T, r *rig) {
		c := r.open()
		c.send(`0{"token":"123"}`)
		c.connected("/")
		c.expect(`2["auth",{"token":"123"}]`)
	})
	run("custom namespace, without the main one", func(t *testing.T, r *rig) {
		c := r.open()
		c.send("0/custom,")
		c.connected("/custom")
		c.expect(`2/custom,["auth",{}]`)
	})
	run("custom namespace with auth, comma optional", func(t *testing.T, r *rig) {
		c := r.open()
		c.send("0/custom")
		c.connected("/custom")
		c.expect(`2/custom,["auth",{}]`)
		c.send(`0{"token":"abc"}`)
		c.connected("/")
		c.expect(`2["auth",{"token":"abc"}]`)
	})
	run("unknown namespace", func(t *testing.T, r *rig) {
		c := r.open()
		c.send("0/random")
		c.expect(`4/random,{"message":"Invalid namespace"}`)
		c.send("0") // the connection stays
		c.connected("/")
	})
	run("ids are independent of the session's, and of each other (SEC-30)", func(t *testing.T, r *rig) {
		c := r.open()
		c.send("0")
		a := c.connected("/")
		c.expect(`2["auth",{}]`)
		c.send("0/custom,")
		b := c.connected("/custom")
		if a == b || a == c.conn.SID || b == c.conn.SID {
			t.Errorf("ids %s, %s; session %s", a, b, c.conn.SID)
		}
	})
}

// Spec 2.1 and 2.3: what closes the connection.
func TestProtocol_Closes(t *testing.T) {
	cases := []struct{ name, packet string }{
		{"garbage", "abc"},
		{"unknown type", "7"},
		{"empty", ""},
		{"event without array", `2{"a":1}`},
		{"event with empty array", `2[]`},
		{"event named by an object", `2[{}]`},
		{"event named by null", `2[null]`},
		{"junk behind", `2["a"]x`},
		{"unfinished", `2["a"`},
		{"negative id", `2-1["a"]`},
		{"broken id", `21.5["a"]`},
		{"word for id", `2abc["a"]`},
		{"blank inside id (SEC-45)", `21 2["a"]`},
		{"id out of range (SEC-45)", `2` + strings.Repeat("9", 400) + `["a"]`},
		{"other digits (SEC-45)", `2１["a"]`},
		{"reserved name", `2["connect"]`},
		{"reserved name, escaped", `2["disconnect\u0069ng"]`},
		{"reserved name 3", `2["newListener"]`},
		{"disconnect with data", `1{}`},
		{"connect with array", `0/x,[]`},
		{"connect with string", `0/x,"a"`},
		{"connect with null", `0/x,null`},
		{"connect twice", `0`},
		{"connect error from a client", `4{"message":"x"}`},
		{"connect error with number", `41`},
		{"event for a namespace that is not joined", `2/custom,["a"]`},
		{"disconnect from a namespace that is not joined", `1/custom,`},
		{"ack for a namespace that is not joined", `3/custom,1[]`},
		{"ack with object", `31{}`},
		{"attachment count missing (SEC-46)", `5-["a"]`},
		{"attachment count 0 (SEC-46)", `50-["a"]`},
		{"attachment count 11 (SEC-46)", `511-["a"]`},
		{"attachment count huge (SEC-46)", `5` + strings.Repeat("9", 100) + `-["a"]`},
		{"attachment count not a number (SEC-46)", `51.5-["a"]`},
		{"attachment count without dash (SEC-46)", `51["a"]`},
		{"placeholder missing (SEC-48)", `51-["a"]`},
		{"placeholder twice (SEC-48)", `51-["a",{"_placeholder":true,"num":0},{"_placeholder":true,"num":0}]`},
		{"placeholder out of range (SEC-48)", `51-["a",{"_placeholder":true,"num":1}]`},
		{"placeholder negative (SEC-48)", `51-["a",{"_placeholder":true,"num":-1}]`},
		{"placeholder no number (SEC-48)", `51-["a",{"_placeholder":true,"num":"0"}]`},
		{"placeholder without number (SEC-48)", `51-["a",{"_placeholder":true}]`},
		{"placeholder with more (SEC-48)", `51-["a",{"_placeholder":true,"num":0,"x":1}]`},
		{"attachments without data (SEC-48)", `51-`},
		{"nested too deep (SEC-49)", `2["a",` + strings.Repeat("[", 512) + strings.Repeat("]", 512) + `]`},
		{"auth nested too deep (SEC-49)", `0/x,{"a":` + strings.Repeat("[", 512) + strings.Repeat("]", 512) + `}`},
		{"number out of range (SEC-50)", `2["a",1e999]`},
		{"number out of range, no exponent (SEC-50)", `2["a",` + strings.Repeat("9", 400) + `]`},
		{"control character in a string", "2[\"a\x01\"]"},
		{"bad escape", `2["\q"]`},
		{"bad number", `2["a",01]`},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			bubble(t, socketio.Config{}, func(t *testing.T, r *rig) {
				base(r)
				gone := reasons(r.io.Of("/"))
				other := r.join()
				other.expect(`2["auth",{}]`)
				c := r.join()
				c.expect(`2["auth",{}]`)
				c.sync()
				synctest.Wait()
				c.send(tc.packet)
				c.closed()
				equal(t, await(t, gone), socketio.ForcedClose)
				other.sync()                         // nobody else is concerned
				equal(t, r.io.Stats().BadPackets, 1) // SEC-93
			})
		})
	}
}

// Spec 2.1: what looks odd and is accepted, or ignored.
func TestProtocol_Tolerates(t *testing.T) {
	cases := []struct {
		name, send string
		answers    []string
	}{
		{"event without data", "2", nil},
		{"event without data with id", "25", nil},
		{"unknown event", `2["nobody"]`, nil},
		{"unknown event with id", `23["nobody"]`, nil},
		{"number as name", `2[1,2]`, nil},
		{"slash namespace spelled out", `2/,["message",1]`, []string{`2["message-back",1]`}},
		{"leading zeros", `2007["message-with-ack"]`, []string{`37[]`}},
		{"id 0", `20["message-with-ack"]`, []string{`30[]`}},
		{"blank is 0", `2 ["message-with-ack"]`, []string{`30[]`}},
		{"large id", `29007199254740993["message-with-ack"]`, []string{`39007199254740992[]`}},
		{"blanks in JSON", "2[ \"message\" ,\n1 , {\"a\" : 2} ]", []string{`2["message-back",1,{"a" : 2}]`}},
		{"ack nobody waits for (SEC-55)", `3123[1]`, nil},
		{"ack without id", `3[1]`, nil},
		{"ack without data", `3123`, nil},
		{"ack with a huge id (SEC-55)", `3` + strings.Repeat("9", 400) + `[1]`, nil},
		{"512 levels (SEC-49)", `2["message",` + strings.Repeat("[", 511) + strings.Repeat("]", 511) + `]`,
			[]string{`2["message-back",` + strings.Repeat("[", 511) + strings.Repeat("]", 511) + `]`}},
		{"look-alike placeholder in a plain event", `2["message",{"_placeholder":true,"num":7}]`,
			[]string{`2["message-back",{"_placeholder":true,"num":7}]`}},
		{"bit for bit", `2["message",1e5,1.0,-0,12345678901234567890,"\ud800","\u0041",{"b":1,"a":2,"b":3,"__proto__":4}]`,
			[]string{`2["message-back",1e5,1.0,-0,12345678901234567890,"\ud800","\u0041",{"b":1,"a":2,"b":3,"__proto__":4}]`}},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			bubble(t, socketio.Config{}, func(t *testing.T, r *rig) {
				base(r)
				c := r.join()
				c.expect(`2["auth",{}]`)
				c.send(tc.send)
				c.expect(tc.answers...)
				c.sync()
			})
		})
	}
}

// Spec 2.2.
func TestProtocol_Binary(t *testing.T) {
	bubble(t, socketio.Config{}, func(t *testing.T, r *rig) {
		base(r)
		got := make(chan string, 10)
		r.io.Of("/").HandleFunc("take", func(_ context.Context, e *socketio.Event) error {
			var arg struct {
				B []byte
				N struct{ C socketio.Binary }
				L []any
			}
			var whole []byte
			var loose any
			if err := e.Decode(&arg, &whole, &loose); err != nil {
				return err
			}
			got <- fmt.Sprintf("%s %s %s %s %v", arg.B, arg.N.C, arg.L, whole, loose)
			return nil
		})
		c := r.join()
		c.expect(`2["auth",{}]`)

		c.send(`51-["message",{"_placeholder":true,"num":0}]`)
		c.sendBinary("\x01\x02")
		c.expect(`51-["message-back",{"_placeholder":true,"num":0}]`, "bin:\x01\x02")

		c.send(`52-12["message-with-ack",{"num":1,"_placeholder":true},{"a":{"_placeholder" : true,"num":0}}]`)
		c.sendBinary("one", "two")
		c.expect(`62-12[{"_placeholder":true,"num":0},{"a":{"_placeholder":true,"num":1}}]`, "bin:two", "bin:one")

		c.send(`54-["take",{"B":{"_placeholder":true,"num":0},"N":{"C":{"_placeholder":true,"num":1}},"L":["x"]},` +
			`{"_placeholder":true,"num":2},[{"_placeholder":true,"num":3}]]`)
		c.sendBinary("b", "c", "w", "l")
		equal(t, await(t, got), "b c [x] w [[108]]")

		c.send(`51-["nobody",{"_placeholder":true,"num":0}]`) // attachments of events without handler are taken
		c.sendBinary("")
		c.sync()
	})
}

// SEC-46, SEC-47: attachments nobody waits for, packets in between, size and time.
func TestProtocol_Attachments(t *testing.T) {
	cfg := socketio.Config{AttachmentTimeout: 5 * time.Second}
	cfg.Engine.MaxPayload = 1000
	const header = `52-["message",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]`
	cases := []struct {
		name string
		send func(c *client)
	}{
		{"stray", func(c *client) { c.sendBinary("x") }},
		{"one too many", func(c *client) {
			c.send(`51-["x",{"_placeholder":true,"num":0}]`)
			c.sendBinary("x", "y")
		}},
		{"text in between", func(c *client) { c.send(header); c.sendBinary("x"); c.send(`2["a"]`) }},
		{"another binary packet in between", func(c *client) { c.send(header, header) }},
		{"too large in sum", func(c *client) {
			c.send(header)
			c.sendBinary(strings.Repeat("x", 500), strings.Repeat("x", 500))
		}},
		{"too late", func(c *client) { c.send(header); c.sendBinary("x") }},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			bubble(t, cfg, func(t *testing.T, r *rig) {
				base(r)
				c := r.join()
				c.expect(`2["auth",{}]`)
				start := time.Now()
				tc.send(c)
				c.closed()
				if took := time.Since(start); took > 5*time.Second {
					t.Errorf("took %v", took)
				}
			})
		})
	}
}

// Spec 2.3 for revision 4.
func TestProtocol_Revision4(t *testing.T) {
	bubble(t, socketio.Config{}, func(t *testing.T, r *rig) {
		base(r)
		locked := r.io.Of("/locked")
		locked.Use(refuse(&socketio.ConnectError{Message: "not authorized", Data: map[string]any{"code": "E1"}}))
		r.io.Of("/plain").Use(refuse(fmt.Errorf("no entry")))
		gone := reasons(r.io.Of("/custom"))
		c := r.open3()
		c.expect("0", `2["auth",{}]`)
		s, ok := r.io.Of("/").Socket(c.conn.SID)
		if !ok {
			t.Fatal("the socket of / should have the session's id")
		}
		equal(t, string(s.Handshake().Auth), "{}")

		c.send("0/custom?token=a%20b&x=1&x=2,")
		c.expect("0/custom,", `2/custom,["auth",{"token":"a b","x":"2"}]`)
		if _, ok := r.io.Of("/custom").Socket("/custom#" + c.conn.SID); !ok {
			t.Error("the socket of /custom should be named after namespace and session")
		}
		c.send("0/locked")
		c.expect(`4/locked,{"code":"E1"}`)
		c.send("0/plain")
		c.expect(`4/plain,"no entry"`)
		c.send("0/nowhere?a=b")
		c.expect(`4/nowhere,{"message":"Invalid namespace"}`)
		c.send(`21["message-with-ack",1]`)
		c.expect("31[1]")
		c.send("1/custom?token=a,") // the query is cut off on every packet
		equal(t, await(t, gone), socketio.ClientNamespaceDisconnect)
		c.send("0/custom")
		c.expect("0/custom,", `2/custom,["auth",{}]`)
		c.send(`51-["message",{"_placeholder":true,"num":0}]`)
		c.sendBinary("x")
		c.expect(`51-["message-back",{"_placeholder":true,"num":0}]`, "bin:x")
		c.send("0") // joined already
		c.closed()
	})
}

func refuse(err error) socketio.Middleware {
	return func(socketio.ConnectFunc) socketio.ConnectFunc {
		return func(context.Context, *socketio.Socket) error { return err }
	}
}

// SEC-54: a session that joins nothing is closed; a refused one as well, a joined one not.
func TestProtocol_ConnectTimeout(t *testing.T) {
	bubble(t, socketio.Config{ConnectTimeout: time.Second}, func(t *testing.T, r *rig) {
		base(r)
		start := time.Now()
		idle, refused, joined := r.open(), r.open(), r.join()
		refused.send("0/nowhere")
		refused.expect(`4/nowhere,{"message":"Invalid namespace"}`)
		idle.closed()
		refused.closed()
		if took := time.Since(start); took < time.Second || took > 1100*time.Millisecond {
			t.Errorf("closed after %v", took)
		}
		joined.expect(`2["auth",{}]`)
		<-time.After(time.Minute)
		joined.sync()
		equal(t, r.io.Stats().ConnectTimeouts, 2)
	})
}

// Spec 2.3: after DISCONNECT the namespace can be joined again, with a new id.
func TestProtocol_DisconnectAndBack(t *testing.T) {
	bubble(t, socketio.Config{}, func(t *testing.T, r *rig) {
		base(r)
		gone := reasons(r.io.Of("/"))
		c := r.join()
		c.expect(`2["auth",{}]`)
		c.send("1")
		equal(t, await(t, gone), socketio.ClientNamespaceDisconnect)
		c.send("0")
		if again := c.connected("/"); again == c.sid {
			t.Error("same id again")
		}
		c.expect(`2["auth",{}]`)
		c.sync()
	})
}

// All of it over polling, with an upgrade in the middle.
func TestProtocol_Polling(t *testing.T) {
	bubble(t, socketio.Config{}, func(t *testing.T, r *rig) {
		base(r)
		c := r.dial(engineiotest.Options{Transport: engineiotest.Polling})
		c.send("0")
		c.sid = c.connected("/")
		c.expect(`2["auth",{}]`)
		c.sync()
		must(t, c.conn.Upgrade(c.ctx))
		c.send(`51-["message",{"_placeholder":true,"num":0}]`)
		c.sendBinary("x")
		c.expect(`51-["message-back",{"_placeholder":true,"num":0}]`, "bin:x")
		c.sync()
	})
}
