package redisadapter

import (
	"encoding/json"
	"fmt"
	"strconv"
	"sync/atomic"

	"github.com/go-sails/sails/internal/sioproto"
	"github.com/go-sails/sails/socketio"
	"github.com/go-sails/sails/socketio/internal/clusterwire"
)

// The id of a request this node makes begins with the node's own id, so that answers
// to others, which every node receives, are told apart without reading them.
//
// The id of a request this node answers is given to the server with the kind of the
// request in front: several kinds are answered by the server with the same message.
const (
	kindSockets    = "0:" // with ids
	kindAllRooms   = "1:" // with names of rooms
	kindConfirm    = "2:" // with nothing, and only when there is such a socket
	kindFetch      = "5:"
	kindServerSide = "6:"
	kindBroadcast  = "7:"
)

// encodeRequest encodes what goes to the request channel.
func encodeRequest(m *socketio.ClusterMessage, level Level) ([]byte, error) {
	r := request{UID: m.UID}
	if m.RequestID != "" {
		r.RequestID = m.UID + m.RequestID
	}
	packed := false
	switch m.Type {
	case socketio.ClusterSocketsJoin, socketio.ClusterSocketsLeave:
		r.Type, r.Opts, r.Rooms = requestJoin, clusterwire.OptionsOf(m.Target), m.Rooms
		if m.Type == socketio.ClusterSocketsLeave {
			r.Type = requestLeave
		}
		if len(r.Rooms) == 0 {
			r.Rooms = clusterwire.Names{}
		}
	case socketio.ClusterDisconnectSockets:
		r.Type, r.Opts, r.Close = requestDisconnect, clusterwire.OptionsOf(m.Target), &m.Close
	case socketio.ClusterFetchSockets:
		r.Type, r.Opts = requestFetch, clusterwire.OptionsOf(m.Target)
	case socketio.ClusterServerSideEmit:
		r.Type, r.Data = requestServerSideEmit, m.Data
		packed = len(m.Attachments) > 0
	case socketio.ClusterBroadcast:
		r.Type, r.Opts = requestBroadcast, clusterwire.OptionsOf(m.Target).WithFlags(m.Target.Flags)
		r.Packet = &packet{Type: clusterwire.PacketEvent, Data: m.Data, Namespace: &m.Namespace}
		packed = true
	}
	if level == Level6 && packed {
		packed, r.Attachments = false, m.Attachments
	}
	return clusterwire.EncodeObject(r, packed, m.Attachments)
}

// onRequest takes a message from the request channel.
func (a *Adapter) onRequest(m *membership, data []byte) error {
	var r request
	attachments, err := clusterwire.DecodeObject(data, &r)
	if err != nil {
		return err
	}
	if r.UID == m.self {
		return errOwn
	}
	if len(attachments) == 0 {
		attachments = r.Attachments
	}
	x := &socketio.ClusterMessage{UID: r.UID, Namespace: m.namespace, Target: r.Opts.Target()}
	switch r.Type {
	case requestSockets, requestAllRooms:
		x.Type, x.RequestID = socketio.ClusterFetchSockets, kindAllRooms+r.RequestID
		if r.Type == requestSockets {
			x.RequestID, x.Target = kindSockets+r.RequestID, socketio.Target{Rooms: r.Rooms}
		}
	case requestJoin, requestLeave, requestDisconnect:
		return a.onChange(m, &r, x)
	case requestFetch:
		x.Type, x.RequestID = socketio.ClusterFetchSockets, kindFetch+r.RequestID
	case requestServerSideEmit:
		x.Type, x.Data, x.Attachments = socketio.ClusterServerSideEmit, r.Data, attachments
		if r.RequestID != "" {
			x.RequestID = kindServerSide + r.RequestID
		}
		if sioproto.Kind(x.Data) != '[' {
			return errMessage
		}
	case requestBroadcast:
		p := r.Packet
		if p == nil || sioproto.Kind(p.Data) != '[' || p.Type != clusterwire.PacketEvent && p.Type != clusterwire.PacketBinaryEvent || r.RequestID == "" {
			return errMessage
		}
		if p.Namespace != nil && *p.Namespace != m.namespace {
			return nil
		}
		x.Type, x.Data, x.Attachments, x.RequestID = socketio.ClusterBroadcast, p.Data, attachments, kindBroadcast+r.RequestID
	default: // of a later version
		return nil
	}
	a.deliver(m, x)
	return nil
}

// onChange takes a join, leave or disconnect in either form. The old one names one
// socket, and the node that has it answers.
func (a *Adapter) onChange(m *membership, r *request, x *socketio.ClusterMessage) error {
	switch r.Type {
	case requestJoin:
		x.Type, x.Rooms = socketio.ClusterSocketsJoin, r.Rooms
	case requestLeave:
		x.Type, x.Rooms = socketio.ClusterSocketsLeave, r.Rooms
	default:
		x.Type, x.Close = socketio.ClusterDisconnectSockets, r.Close != nil && *r.Close
	}
	if r.Opts != nil {
		a.deliver(m, x)
		return nil
	}
	if r.SID == "" { // it would be everyone
		return errMessage
	}
	x.Target = socketio.Target{Rooms: []string{r.SID}}
	if r.Type != requestDisconnect {
		x.Rooms = []string{string(r.Room)}
	}
	// Asked before: a socket that is disconnected is not found any more.
	a.deliver(m, &socketio.ClusterMessage{
		UID: r.UID, Namespace: m.namespace, Type: socketio.ClusterFetchSockets,
		Target: x.Target, RequestID: kindConfirm + r.RequestID,
	})
	a.deliver(m, x)
	return nil
}

// encodeResponse encodes an answer; nil when there is none to give.
func encodeResponse(m *socketio.ClusterMessage, level Level) ([]byte, error) {
	if len(m.RequestID) < len(kindFetch) {
		return nil, fmt.Errorf("redisadapter: answer to an unknown request %q", m.RequestID)
	}
	kind, id := m.RequestID[:len(kindFetch)], m.RequestID[len(kindFetch):]
	r := response{RequestID: id}
	packed := len(m.Attachments) > 0
	switch m.Type {
	case socketio.ClusterFetchSocketsResponse:
		if kind == kindConfirm && len(m.Sockets) == 0 {
			return nil, nil
		}
		if err := r.setSockets(kind, m.Sockets); err != nil {
			return nil, err
		}
	case socketio.ClusterServerSideEmitResponse:
		t := requestServerSideEmit
		r.Type = &t
		r.Data = clusterwire.First(m.Data)
	case socketio.ClusterBroadcastClientCount:
		t, count := responseClientCount, float64(m.Count)
		r.Type, r.ClientCount = &t, &count
	case socketio.ClusterBroadcastAck:
		t := responseAck
		r.Type, r.Packet = &t, clusterwire.First(m.Data)
		packed = true // as JavaScript nodes have it
	}
	if level == Level6 && packed {
		packed, r.Attachments = false, m.Attachments
	}
	return clusterwire.EncodeObject(r, packed, m.Attachments)
}

func (r *response) setSockets(kind string, sockets []socketio.SocketInfo) error {
	switch kind {
	case kindConfirm:
	case kindAllRooms:
		seen := make(map[string]struct{})
		rooms := clusterwire.Names{}
		for _, s := range sockets {
			for _, room := range s.Rooms {
				if _, known := seen[room]; !known {
					seen[room] = struct{}{}
					rooms = append(rooms, room)
				}
			}
		}
		r.Rooms = &rooms
	default:
		list := make([]json.RawMessage, len(sockets))
		for i, s := range sockets {
			var v any = s
			if kind == kindSockets {
				v = s.ID
			}
			text, err := json.Marshal(v)
			if err != nil {
				return fmt.Errorf("redisadapter: socket: %w", err)
			}
			list[i] = text
		}
		r.Sockets = &list
	}
	return nil
}

// answers numbers the answers received: they do not say who they are from, and the
// server counts each node once.
var answers atomic.Uint64

// onResponse takes a message from a response channel.
func (a *Adapter) onResponse(m *membership, data []byte) error {
	var r response
	attachments, err := clusterwire.DecodeObject(data, &r)
	if err != nil {
		return err
	}
	id, ours := own(r.RequestID, m.self)
	if !ours {
		return errOwn
	}
	if len(attachments) == 0 {
		attachments = r.Attachments
	}
	x := &socketio.ClusterMessage{
		UID: "answer " + strconv.FormatUint(answers.Add(1), 10), To: m.self, Namespace: m.namespace, RequestID: id,
	}
	kind := requestFetch
	if r.Type != nil {
		kind = *r.Type
	}
	switch {
	case kind == responseClientCount && r.ClientCount != nil && *r.ClientCount >= 0 && *r.ClientCount < 1<<31:
		x.Type, x.Count = socketio.ClusterBroadcastClientCount, int(*r.ClientCount)
	case kind == responseAck:
		x.Type, x.Data, x.Attachments = socketio.ClusterBroadcastAck, clusterwire.List(r.Packet), attachments
	case kind == requestServerSideEmit:
		x.Type, x.Data, x.Attachments = socketio.ClusterServerSideEmitResponse, clusterwire.List(r.Data), attachments
	case r.Sockets != nil:
		x.Type = socketio.ClusterFetchSocketsResponse
		if x.Sockets, err = clusterwire.Sockets(*r.Sockets); err != nil {
			return err
		}
	default:
		return errMessage
	}
	a.deliver(m, x)
	return nil
}
