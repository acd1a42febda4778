package socketio

// Receive hands a message to the session of s as if it had arrived.
func Receive(s *Socket, data []byte, binary bool) { s.conn.receive(data, binary) }
