package socketio

import (
	"context"
	"encoding/json"
	"errors"
	"time"
)

// Adapter connects the namespaces of several servers. It only moves messages:
// rooms, sockets, acknowledgements and the gathering of answers are the server's
// and the same for every adapter. Methods may be called concurrently.
type Adapter interface {
	// Join begins to receive the messages of other nodes for namespace and hands
	// them to deliver, in the order each node published them. deliver does not block.
	// self is the id of this node's end: messages with it as their UID need not be
	// delivered. It returns once messages published by others will be received. The
	// subscription lasts until ctx is done or Close.
	Join(ctx context.Context, namespace, self string, deliver func(*ClusterMessage)) error
	// Publish sends m to every other node, or to the node m.To alone when it is set
	// (an adapter may then send to all: others ignore it). It does not keep m. offset is
	// the message's place in a log that survives the node, "" when there is none.
	Publish(ctx context.Context, m *ClusterMessage) (offset string, err error)
	// ServerCount returns how many nodes have joined namespace, this one included.
	ServerCount(ctx context.Context, namespace string) (int, error)
	// Close ends all subscriptions and frees everything. No deliver is running or
	// called when it returns.
	Close() error
}

// PostAdapter is an Adapter that can take a message without waiting for the medium. The
// server uses Post for broadcasts without acknowledgements, server-side events without
// answers, and its answers to other nodes.
type PostAdapter interface {
	Adapter
	// Post is Publish without the confirmation. Messages of Post and Publish leave in the
	// order of the calls. An error says that this message is lost; one that is lost after
	// Post has returned nil is counted and reported by the adapter. What is on its way
	// without a confirmation is bounded: beyond, Post waits, until ctx ends. What was posted
	// before Close goes out before Close returns, if the medium takes it in time.
	Post(ctx context.Context, m *ClusterMessage) error
}

// HeartbeatAdapter is an Adapter whose medium cannot count nodes. The server then
// tells nodes apart by messages of type ClusterHeartbeat, sent every interval, and
// forgets a node that was silent for timeout. ServerCount is not called.
type HeartbeatAdapter interface {
	Adapter
	Heartbeat() (interval, timeout time.Duration)
}

// RoomAdapter is an Adapter that routes by room. Watch is called once for every
// namespace that is made, before its Join and before it has sockets. The adapter may
// keep n to ask for its rooms later (RoomSize, Rooms) and may call OnRoom at once to
// follow them; within Watch it must call nothing else of the server but n.Name.
//
// With Config.Recovery Watch is not called: messages for rooms that nobody is in at
// the moment are kept for clients that come back, so the adapter must deliver all. One
// that cannot is a ConfigAdapter as well.
type RoomAdapter interface {
	Adapter
	Watch(n *Namespace)
}

// LogAdapter is an Adapter whose medium keeps broadcasts for some time, in one order for
// all nodes, and the state of lost sockets. With it Config.Recovery works across nodes.
//
// Messages that come from the log are delivered with their Offset. A broadcast with a
// Serial is delivered to its own node as well, in its place: Data is not needed then.
// Before the first message of a namespace, and whenever messages may have been missed,
// a message of type ClusterLogStart is delivered.
type LogAdapter interface {
	Adapter
	// Append is Publish for a broadcast, without waiting: messages are published in the
	// order of the calls. done is called once, in that order, on a goroutine of the
	// adapter; it does not block. When an error is returned done is not called.
	Append(m *ClusterMessage, done func(offset string, err error)) error
	// Save keeps the state of a socket for ttl, under its PID.
	Save(ctx context.Context, namespace string, s *SavedSocket, ttl time.Duration) error
	// Take returns the state and removes it: of several calls one gets it. It is nil
	// when there is none. pid is what a client says: 20 to 64 characters of base64url.
	Take(ctx context.Context, namespace, pid string) (*SavedSocket, error)
	// Since calls each with the broadcasts of the namespace after one offset up to and
	// with another, until it returns false. ErrOffset is returned when there is no
	// broadcast of the namespace at the first, or when it was too long ago.
	Since(ctx context.Context, namespace, after, until string, each func(*ClusterMessage) bool) error
	// ValidOffset tells whether a text, of a client, has the form of an offset.
	ValidOffset(offset string) bool
	// Compare orders two offsets: it is negative when a comes before b.
	Compare(a, b string) int
}

// ErrOffset is returned by LogAdapter.Since.
var ErrOffset = errors.New("socketio: the log does not have that offset")

// SavedSocket is the state of a lost socket.
type SavedSocket struct {
	PID   string
	ID    string
	Rooms []string        // with its own, the ID
	Data  json.RawMessage // "{}" when there is none
	Bound string          // what the client must show again (engineio.Config.BindSession)
}

// ConfigAdapter is an Adapter that does not work with every Config: NewServer returns
// the error of CheckConfig, which is given a Config with its defaults.
type ConfigAdapter interface {
	Adapter
	CheckConfig(cfg Config) error
}

// ClusterMessageType is the type of a ClusterMessage, numbered as in the
// JavaScript ClusterAdapter (spec 3.2).
type ClusterMessageType int

// The types of spec 3.2, with the fields each uses besides UID, Namespace and Type.
const (
	ClusterInitialHeartbeat       ClusterMessageType = iota + 1 // –; answered by ClusterHeartbeat
	ClusterHeartbeat                                            // –
	ClusterBroadcast                                            // Data, Attachments, Target; RequestID when acknowledgements are wanted
	ClusterSocketsJoin                                          // Target, Rooms
	ClusterSocketsLeave                                         // Target, Rooms
	ClusterDisconnectSockets                                    // Target, Close
	ClusterFetchSockets                                         // Target, RequestID
	ClusterFetchSocketsResponse                                 // RequestID, Sockets
	ClusterServerSideEmit                                       // Data, Attachments; RequestID when an answer is wanted
	ClusterServerSideEmitResponse                               // RequestID, Data, Attachments: an array of one value
	ClusterBroadcastClientCount                                 // RequestID, Count
	ClusterBroadcastAck                                         // RequestID, Data, Attachments: an array of the client's arguments
	ClusterAdapterClose                                         // –: the node leaves the namespace
)

// ClusterLogStart is never on the wire: a LogAdapter tells its own node that the broadcasts
// delivered from here on are all there are after Offset, and that what was delivered
// before may lack some.
const ClusterLogStart ClusterMessageType = -1

// ClusterMessage is what nodes tell each other. It is immutable once published or
// delivered. How it looks on the wire is the adapter's business.
type ClusterMessage struct {
	UID       string // the sender: 16 hexadecimal digits per node and namespace, "emitter" for emitters
	To        string // UID of the one node it is for; "" for all
	Namespace string
	Type      ClusterMessageType
	RequestID string // 16 hexadecimal digits, chosen by the requester
	Target    Target

	// Data is a JSON array: an event's name and arguments, or the arguments of an
	// answer. Byte strings are placeholders for Attachments, as in Packet.
	Data        json.RawMessage
	Attachments [][]byte

	Rooms   []string
	Close   bool
	Sockets []SocketInfo
	Count   int

	// Serial numbers the broadcasts that their own node wants to see in their place in
	// the log, from 1; Offset is a place in the log. Both are of a LogAdapter alone.
	Serial uint64
	Offset string
}

// Target says which sockets something is for: those in any of Rooms (all when there
// are none) and in none of Except. A socket's id is a room.
type Target struct {
	Rooms  []string
	Except []string
	Flags  Flags
}

// Flags travel with a Target. The zero value is what an unmodified Emit uses.
type Flags struct {
	Volatile   bool
	NoCompress bool
	Local      bool          // never leaves the node
	Timeout    time.Duration // of the acknowledgements asked for; zero: none asked
}

// SocketInfo describes a socket to other nodes.
type SocketInfo struct {
	ID        string          `json:"id"`
	Handshake *Handshake      `json:"handshake"`
	Rooms     []string        `json:"rooms"`
	Data      json.RawMessage `json:"data"`
}
