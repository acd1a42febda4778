package msgpackcodec_test

import (
	"context"
	"encoding/hex"
	"strings"
	"testing"
	"time"

	"github.com/go-sails/sails/engineio/engineiotest"
	"github.com/go-sails/sails/internal/leakcheck"
	"github.com/go-sails/sails/socketio"
	"github.com/go-sails/sails/socketio/msgpackcodec"
	"github.com/vmihailenco/msgpack/v5"
)

func TestMain(m *testing.M) { leakcheck.Main(m) }

func serve(t *testing.T) (*socketio.Server, func() *engineiotest.Conn, context.Context) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	t.Cleanup(cancel)
	io, err := socketio.NewServer(socketio.Config{Codec: msgpackcodec.New()})
	if err != nil {
		t.Fatal(err)
	}
	h := engineiotest.NewServer(io)
	t.Cleanup(func() {
		if err := io.Shutdown(ctx); err != nil {
			t.Error(err)
		}
		h.Close()
	})
	return io, func() *engineiotest.Conn {
		c, err := h.Open(ctx, engineiotest.Options{Path: "/socket.io/", Transport: engineiotest.WebSocket})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(c.Abort)
		return c
	}, ctx
}

func pack(t *testing.T, v any) engineiotest.Packet {
	t.Helper()
	b, err := msgpack.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return engineiotest.Binary(b...)
}

type object = map[string]any

func receive(ctx context.Context, t *testing.T, c *engineiotest.Conn) object {
	t.Helper()
	p, err := c.ReceiveMessage(ctx)
	if err != nil || !p.Binary {
		t.Fatalf("received %v, %v", p, err)
	}
	var v object
	if err := msgpack.Unmarshal([]byte(p.Data), &v); err != nil {
		t.Fatal(err)
	}
	return v
}

// Spec 4.2: connecting, events with bytes in place, acknowledgements both ways.
func TestCodec(t *testing.T) {
	io, dial, ctx := serve(t)
	answered := make(chan string, 1)
	io.Of("/n").HandleFunc("echo", func(ctx context.Context, e *socketio.Event) error {
		if err := e.Ack(e.Args()); err != nil {
			return err
		}
		go func() {
			args, err := e.Socket().EmitAck(ctx, "q", []byte{7}, map[string]any{"a": 1})
			if err != nil {
				answered <- err.Error()
				return
			}
			answered <- args.String()
		}()
		return nil
	})
	c := dial()
	must(t, c.Send(ctx, pack(t, object{"type": 0, "nsp": "/n", "data": object{"token": "x"}})))
	got := receive(ctx, t, c)
	data, _ := got["data"].(object)
	if id, _ := data["sid"].(string); got["type"] != int8(0) && got["type"] != uint8(0) || got["nsp"] != "/n" || len(id) != 20 {
		t.Fatalf("received %v", got)
	}
	must(t, c.Send(ctx, pack(t, object{"type": 2, "nsp": "/n", "id": 5, "data": []any{"echo", []byte{1, 2}, object{"x": []byte{3}, "y": 1.5}, nil}})))
	got = receive(ctx, t, c)
	list, _ := got["data"].([]any)
	if len(list) != 3 || string(list[0].([]byte)) != "\x01\x02" || string(list[1].(object)["x"].([]byte)) != "\x03" || list[1].(object)["y"] != 1.5 || list[2] != nil {
		t.Fatalf("received %v", got)
	}
	got = receive(ctx, t, c)
	list, _ = got["data"].([]any)
	if len(list) != 3 || list[0] != "q" || string(list[1].([]byte)) != "\x07" {
		t.Fatalf("received %v", got)
	}
	must(t, c.Send(ctx, pack(t, object{"type": 3, "nsp": "/n", "id": got["id"], "data": []any{"yes", []byte("b")}})))
	select {
	case s := <-answered:
		if s != `"yes", Yg==` {
			t.Errorf("answer %s", s)
		}
	case <-ctx.Done():
		t.Fatal("no answer")
	}
	must(t, c.Send(ctx, pack(t, object{"type": 0, "nsp": "/unknown"})))
	if got := receive(ctx, t, c); got["type"] != int8(4) && got["type"] != uint8(4) {
		t.Errorf("received %v", got)
	}
	io.Of("/n").DisconnectSockets(ctx, false)
	if got := receive(ctx, t, c); len(got) != 2 {
		t.Errorf("received %v", got)
	}
}

// SEC-45: what is no packet closes the connection.
func TestCodec_Refuses(t *testing.T) {
	_, dial, ctx := serve(t)
	for name, p := range map[string]engineiotest.Packet{
		"text":               engineiotest.Text(`2["a"]`),
		"no map":             pack(t, []any{1}),
		"no type":            pack(t, object{"nsp": "/"}),
		"binary type":        pack(t, object{"type": 5, "nsp": "/", "data": []any{"a"}}),
		"string type":        pack(t, object{"type": "2", "nsp": "/"}),
		"no namespace":       pack(t, object{"type": 2, "data": []any{"a"}}),
		"odd namespace":      pack(t, object{"type": 2, "nsp": 1, "data": []any{"a"}}),
		"object event":       pack(t, object{"type": 2, "nsp": "/", "data": object{}}),
		"missing data":       pack(t, object{"type": 2, "nsp": "/"}),
		"odd id":             pack(t, object{"type": 2, "nsp": "/", "id": 1.5, "data": []any{"a"}}),
		"negative id":        pack(t, object{"type": 2, "nsp": "/", "id": -1, "data": []any{"a"}}),
		"disconnect data":    pack(t, object{"type": 1, "nsp": "/", "data": 1}),
		"connect data":       pack(t, object{"type": 0, "nsp": "/x", "data": []any{}}),
		"reserved":           pack(t, object{"type": 2, "nsp": "/", "data": []any{"connect"}}),
		"bytes as namespace": pack(t, object{"type": 2, "nsp": []byte("/"), "data": []any{"a"}}),
		"deep":               engineiotest.Binary([]byte("\x83\xa4type\x02\xa3nsp\xa1/\xa4data" + strings.Repeat("\x91", 600) + "\x01")...),
		"trailing":           engineiotest.Binary([]byte("\x82\xa4type\x00\xa3nsp\xa2/x\x00")...),
		"look-alike":         pack(t, object{"type": 2, "nsp": "/", "data": []any{"a", []byte{1}, object{"_placeholder": true, "num": 0}}}),
		"too many fields":    pack(t, many(20)),
	} {
		t.Run(name, func(t *testing.T) {
			c := dial()
			must(t, c.Send(ctx, pack(t, object{"type": 0, "nsp": "/"})))
			receive(ctx, t, c)
			must(t, c.Send(ctx, p))
			if err := c.ExpectClosed(ctx); err != nil {
				t.Error(err)
			}
		})
	}
}

func many(n int) object {
	o := object{"type": 2, "nsp": "/"}
	for i := range n {
		o[strings.Repeat("k", i+1)] = i
	}
	return o
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// Packets written by socket.io-msgpack-parser 3.0.2.
func TestCodec_Recorded(t *testing.T) {
	dec := msgpackcodec.New().NewDecoder()
	for _, c := range []struct{ hex, data string }{
		{"83a474797065 02 a464617461 92a161 c4020102 a36e7370a12f", `["a",{"_placeholder":true,"num":0}]`},
		{"84a474797065 02 a464617461 92a161 d40000 a26964 07 a36e7370a12f", `["a",null]`},
	} {
		b, err := hex.DecodeString(strings.ReplaceAll(c.hex, " ", ""))
		must(t, err)
		p, err := dec.Decode(b, true)
		must(t, err)
		if string(p.Data) != c.data || p.Namespace != "/" || p.Type != socketio.PacketEvent {
			t.Errorf("%+v", p)
		}
	}
}
