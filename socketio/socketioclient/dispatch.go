package socketioclient

import "sync"

// task is one call of user code.
type task struct {
	run  func()
	size int // bytes it holds
}

// dispatcher runs tasks in order on one goroutine, which exists only while there
// are tasks. Its queue is bounded.
type dispatcher struct {
	spawn              func(func())
	maxTasks, maxBytes int

	mu      sync.Mutex
	tasks   []task        // guarded by mu, as all below
	bytes   int           // of tasks
	running bool          //
	room    chan struct{} // when not nil: closed when there is room again
}

// push queues t, waiting for room until stop is closed; false means it was not
// queued.
func (d *dispatcher) push(t task, stop <-chan struct{}) bool {
	for {
		d.mu.Lock()
		if d.hasRoom() {
			d.add(t)
			d.mu.Unlock()
			return true
		}
		if d.room == nil {
			d.room = make(chan struct{})
		}
		room := d.room
		d.mu.Unlock()
		select {
		case <-room:
		case <-stop:
			return false
		}
	}
}

// pushAlways queues a lifecycle notice, which is never lost and holds no data.
// There is a bounded number of them per connection.
func (d *dispatcher) pushAlways(run func()) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.add(task{run: run})
}

// hasRoom is called with mu held.
func (d *dispatcher) hasRoom() bool { return len(d.tasks) < d.maxTasks && d.bytes < d.maxBytes }

// add is called with mu held.
func (d *dispatcher) add(t task) {
	d.tasks = append(d.tasks, t)
	d.bytes += t.size
	if !d.running {
		d.running = true
		d.spawn(d.work)
	}
}

func (d *dispatcher) work() {
	for {
		d.mu.Lock()
		if len(d.tasks) == 0 {
			d.tasks = nil
			d.running = false
			d.mu.Unlock()
			return
		}
		t := d.tasks[0]
		d.tasks[0] = task{}
		d.tasks = d.tasks[1:]
		d.bytes -= t.size
		if d.room != nil && d.hasRoom() {
			close(d.room)
			d.room = nil
		}
		d.mu.Unlock()
		t.run()
	}
}
