package direct

// LimitFresh sets how many connections may have asked nothing yet.
func (d *Listener) LimitFresh(n int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.room = n
}

// Passing tells whether accepting is tried again after err.
func Passing(err error) bool { return passing(err) }
