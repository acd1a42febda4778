// Package adminbus is the channel on which Sails servers tell each other to move the
// members of rooms (sails.sockets.addRoomMembersToRooms, removeRoomMembersFromRooms,
// leaveAll). With it a server of this library and Sails servers work on the same
// rooms:
//
//	adapter, err := redisadapter.New(redisadapter.Config{Redis: …, Level: redisadapter.Level6})
//	bus, err := adminbus.New(adminbus.Config{Medium: adapter})
//	app, err := sailsio.New(sailsio.Config{
//		SocketIO: socketio.Config{Adapter: adapter},
//		LeaveAll: bus.LeaveAll,
//	})
//	err = bus.Start(ctx, app.IO().Of("/"))
//
// Joins and leaves of this server reach Sails servers through the adapter; LeaveAll
// goes over the bus. The rules are CB-20 to CB-28.
package adminbus
