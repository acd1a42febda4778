package redisadapter_test

import (
	"encoding/json"
	"testing"

	"github.com/go-sails/sails/socketio"
	"github.com/go-sails/sails/socketio/redisadapter"
)

// SEC-92: whatever comes from Redis, nothing panics, and what is delivered can be
// used: data is JSON, and it can be sent on.
func FuzzReceive(f *testing.F) {
	for _, s := range []string{
		"\x93\xa6vTrG6i\x83\xa4type\x02\xa4data\x92\xa2ev\x81\xa1x\x01\xa3nsp\xa1/\x83\xa5rooms\x91\xa2r1\xa6except\x90\xa5flags\x80",
		"\x92\xa1u\x82\xa4type\x05\xa4data\x92\xa1e\xc4\x01\x00",
		`{"requestId":"fdu6Yy","type":0,"rooms":["r",1]}`,
		`{"uid":"a","type":2,"opts":{"rooms":["r"],"except":[]},"rooms":["z"]}`,
		`{"requestId":"q","type":4,"sid":"s","close":true}`,
		`{"uid":"a","requestId":"b","type":6,"data":["sse",1]}`,
		"\x84\xa3uid\xa1u\xa9requestId\xa1q\xa4type\x07\xa6packet\x82\xa4type\x02\xa4data\x91\xa1e",
		`{"type":8,"requestId":"` + self + `","clientCount":3}`,
		`{"requestId":"` + self + `q","sockets":[{"id":"s1","handshake":{"headers":{"a":"b"}},"rooms":["s1",7],"data":{"x":1}}]}`,
		"\x83\xa4type\x09\xa9requestId\xb0" + self + "\xa6packet\xd4\x00\x00",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		w := wire(redisadapter.Level8)
		_, _, _ = w.Broadcast(data), w.Request(data), w.Response(data)
		for _, m := range w.Got {
			if m.Data != nil && !json.Valid(m.Data) {
				t.Fatalf("%q became %q", data, m.Data)
			}
			switch m.Type {
			case socketio.ClusterSocketsJoin, socketio.ClusterSocketsLeave, socketio.ClusterDisconnectSockets, socketio.ClusterBroadcast, socketio.ClusterServerSideEmit:
				if _, _, err := w.Encode(m); err != nil {
					t.Fatalf("%q: %v", data, err)
				}
			}
		}
	})
}
