package sqlstore

import (
	"container/list"
	"context"
	"database/sql"
	"sync"
)

// maxPrepared bounds the statements that are kept prepared; databases bound theirs.
const maxPrepared = 256

// prepared keeps the reading statements that were used last, so that neither SQLite nor
// the server of MySQL has to read them again, and MySQL is asked once instead of three
// times. pgx does so by itself for PostgreSQL. Statements are prepared outside of
// transactions only: these may hold the only connection there is.
type prepared struct {
	db     *sql.DB
	mu     sync.Mutex
	byText map[string]*list.Element // of *kept; guarded by mu
	recent *list.List               // the last used first; guarded by mu
}

// kept is a prepared statement. It is closed when it has been pushed out and nobody is
// about to use it.
type kept struct {
	text  string
	stmt  *sql.Stmt
	users int  // guarded by prepared.mu
	out   bool // guarded by prepared.mu
}

func newPrepared(db *sql.DB) *prepared {
	return &prepared{db: db, byText: map[string]*list.Element{}, recent: list.New()}
}

// use returns the statement with this text. One that is not there is prepared when it
// may be, else the result is nil. Give it back when it has been started: its rows may be
// read after that.
func (p *prepared) use(ctx context.Context, text string, mayPrepare bool) (*kept, error) {
	p.mu.Lock()
	if e := p.byText[text]; e != nil {
		defer p.mu.Unlock()
		p.recent.MoveToFront(e)
		k := e.Value.(*kept)
		k.users++
		return k, nil
	}
	p.mu.Unlock()
	if !mayPrepare {
		return nil, nil
	}
	stmt, err := p.db.PrepareContext(ctx, text)
	if err != nil {
		return nil, err
	}
	k := &kept{text: text, stmt: stmt, users: 1}
	p.mu.Lock()
	if p.byText[text] != nil {
		k.out = true // another was faster
	} else {
		p.byText[text] = p.recent.PushFront(k)
	}
	closing := p.pushOut()
	p.mu.Unlock()
	closeAll(closing)
	return k, nil
}

// pushOut takes out what is too much and returns what of it can be closed. p.mu is held.
func (p *prepared) pushOut() (closing []*sql.Stmt) {
	for p.recent.Len() > maxPrepared {
		k := p.recent.Remove(p.recent.Back()).(*kept)
		delete(p.byText, k.text)
		if k.out = true; k.users == 0 {
			closing = append(closing, k.stmt)
		}
	}
	return closing
}

func (p *prepared) giveBack(k *kept) {
	if k == nil {
		return
	}
	p.mu.Lock()
	k.users--
	closing := k.out && k.users == 0
	p.mu.Unlock()
	if closing {
		closeAll([]*sql.Stmt{k.stmt})
	}
}

func closeAll(list []*sql.Stmt) {
	for _, stmt := range list {
		_ = stmt.Close() // the database forgets it with the connection at the latest
	}
}
