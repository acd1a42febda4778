package socketioclient

import "sync"

// goroutines counts what runs, and tells when all has ended after stop.
type goroutines struct {
	mu      sync.Mutex
	running int  // guarded by mu
	stopped bool // guarded by mu
	done    chan struct{}
}

// spawn runs f in a goroutine.
func (g *goroutines) spawn(f func()) {
	g.mu.Lock()
	g.running++
	g.mu.Unlock()
	go func() {
		defer g.exit()
		f()
	}()
}

func (g *goroutines) exit() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.running--
	g.settle()
}

// stop announces that nothing new begins except out of what runs.
func (g *goroutines) stop() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.stopped = true
	g.settle()
}

func (g *goroutines) settle() {
	if !g.stopped || g.running > 0 {
		return
	}
	select {
	case <-g.done:
	default:
		close(g.done)
	}
}
