package direct

// LimitFresh sets how many connections may have asked nothing yet.
func (d *Listener) LimitFresh(n int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.room = n
}
