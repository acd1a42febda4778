package socketio

import "reflect"

// Receive hands a message to the session of s as if it had arrived.
func Receive(s *Socket, data []byte, binary bool) { s.conn.receive(data, binary) }

// ConnSize is the size of what each session has here.
var ConnSize = reflect.TypeFor[conn]().Size()
