package workers

// Capacity is how many tasks the queue has room for.
func (c *Crew) Capacity() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return cap(c.queue)
}
