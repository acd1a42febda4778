package socketio

import (
	"context"
	"encoding/json"
	"regexp"
)

// MatchFunc tells whether a namespace of this name may be created for a client.
// auth is what the client sent to connect, nil for nothing. It must be a pure
// function of its arguments: any number may run at once, in any order (SEC-52).
type MatchFunc func(ctx context.Context, name string, auth json.RawMessage) bool

// Of returns the namespace of this name and creates it if need be. A missing slash
// is added.
func (srv *Server) Of(name string) *Namespace {
	if name == "" || name[0] != '/' {
		name = "/" + name
	}
	srv.mu.Lock()
	defer srv.mu.Unlock()
	if n := srv.namespaces[name]; n != nil {
		return n
	}
	n := srv.newNamespace(name)
	n.reg.Store(newRegistration())
	srv.namespaces[name] = n
	return n
}

// OfFunc returns the parent of the dynamic namespaces whose names match accepts.
// Namespaces are created when a client wants them; parents are asked in the order
// they were made, after the existing namespaces.
func (srv *Server) OfFunc(match MatchFunc) *Namespace {
	parent := &Namespace{srv: srv, match: match, children: make(map[string]*Namespace)}
	parent.reg.Store(newRegistration())
	srv.mu.Lock()
	defer srv.mu.Unlock()
	srv.parents = append(srv.parents, parent)
	return parent
}

// OfRegexp is OfFunc for a pattern that is found in the name, slash included.
// Anchor it: "^/room-[0-9]+$".
func (srv *Server) OfRegexp(pattern *regexp.Regexp) *Namespace {
	n := srv.OfFunc(func(_ context.Context, name string, _ json.RawMessage) bool { return pattern.MatchString(name) })
	srv.mu.Lock()
	n.regexp = true
	srv.mu.Unlock()
	return n
}

// onlyPatterns tells whether looking for a dynamic namespace runs no user code, so
// that it can be done in order with the packets around it.
func (srv *Server) onlyPatterns() bool {
	srv.mu.RLock()
	defer srv.mu.RUnlock()
	for _, parent := range srv.parents {
		if !parent.regexp {
			return false
		}
	}
	return true
}

// newNamespace: the caller holds mu and sets reg or parent.
func (srv *Server) newNamespace(name string) *Namespace {
	n := &Namespace{srv: srv, name: name}
	if srv.cfg.Recovery != nil {
		n.log = newRecoveryLog(srv, n)
	}
	if srv.cfg.Adapter != nil {
		n.node = newNode(n)
	}
	return n
}

// lookup returns an existing namespace and, when it is dynamic, keeps it from being
// removed until the client has entered.
func (srv *Server) lookup(name string) *Namespace {
	srv.mu.RLock()
	n := srv.namespaces[name]
	srv.mu.RUnlock()
	if n == nil || n.parent == nil {
		return n
	}
	srv.mu.Lock()
	defer srv.mu.Unlock()
	n = srv.namespaces[name]
	if n != nil {
		n.entering++
	}
	return n
}

func (srv *Server) hasParents() bool {
	srv.mu.RLock()
	defer srv.mu.RUnlock()
	return len(srv.parents) > 0
}

// match asks the parents for a namespace that does not exist. It runs user code.
func (srv *Server) match(ctx context.Context, name string, auth json.RawMessage) (*Namespace, error) {
	srv.mu.RLock()
	parents := srv.parents
	srv.mu.RUnlock()
	for _, parent := range parents {
		if parent.accepts(ctx, name, auth) {
			return parent.child(name)
		}
	}
	return nil, errInvalidNamespace
}

func (n *Namespace) accepts(ctx context.Context, name string, auth json.RawMessage) (yes bool) {
	n.srv.protect("OfFunc", func() { yes = n.match(ctx, name, auth) })
	return yes
}

// child returns the dynamic namespace of this name and creates it if need be.
func (n *Namespace) child(name string) (*Namespace, error) {
	srv := n.srv
	srv.mu.Lock()
	defer srv.mu.Unlock()
	if have := srv.namespaces[name]; have != nil {
		have.entering++
		return have, nil
	}
	if srv.dynamic >= srv.cfg.MaxDynamic {
		srv.sweepDynamic()
	}
	if srv.dynamic >= srv.cfg.MaxDynamic {
		srv.stats.refused.Add(1)
		return nil, errInvalidNamespace
	}
	c := srv.newNamespace(name)
	c.parent = n
	c.entering = 1
	srv.namespaces[name] = c
	n.children[name] = c
	srv.dynamic++
	return c, nil
}

// entered is the counterpart of lookup and child: the client is in the index now,
// or has gone.
func (n *Namespace) entered() {
	if n.parent == nil {
		return
	}
	n.srv.mu.Lock()
	defer n.srv.mu.Unlock()
	n.entering--
	if n.srv.cfg.CleanupEmptyChildNamespaces {
		n.removeEmpty()
	}
}

// emptied removes a dynamic namespace that has lost its last socket, if configured.
func (n *Namespace) emptied() {
	if n.parent == nil || !n.srv.cfg.CleanupEmptyChildNamespaces || n.index.len() > 0 {
		return
	}
	n.srv.mu.Lock()
	defer n.srv.mu.Unlock()
	n.removeEmpty()
}

// removeEmpty: the caller holds srv.mu.
func (n *Namespace) removeEmpty() {
	srv := n.srv
	if n.entering > 0 || n.index.len() > 0 || srv.namespaces[n.name] != n {
		return
	}
	delete(srv.namespaces, n.name)
	delete(n.parent.children, n.name)
	srv.dynamic--
	if n.node != nil {
		srv.busy.add()
		srv.pool.Run((*leaving)(n.node)) // it speaks to other nodes: not under a lock
	}
}

// sweepDynamic removes all dynamic namespaces without sockets. The caller holds mu.
func (srv *Server) sweepDynamic() {
	for _, n := range srv.namespaces {
		if n.parent != nil {
			n.removeEmpty()
		}
	}
}

// family returns the namespaces a broadcast on n is for: the children of a parent.
func (n *Namespace) family() []*Namespace {
	n.srv.mu.RLock()
	defer n.srv.mu.RUnlock()
	list := make([]*Namespace, 0, len(n.children))
	for _, c := range n.children {
		list = append(list, c)
	}
	return list
}

// leaving is the task that takes a removed namespace out of the cluster.
type leaving node

// Run implements workers.Task.
func (l *leaving) Run() {
	nd := (*node)(l)
	defer nd.ns.srv.busy.done()
	nd.leave()
}
