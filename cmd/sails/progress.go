package main

import (
	"fmt"
	"io"
	"strings"
)

// bar shows how far the conversion of a table has come.
type bar struct {
	w     io.Writer
	live  bool // rewrite the line
	quiet bool
	table string
	begun bool
}

func newBar(w io.Writer, quiet bool) *bar { return &bar{w: w, quiet: quiet, live: isTerminal(w)} }

const barWidth = 30

// progress is for sqlstore.Store.Migrate.
func (b *bar) progress(table string, done, total int64) {
	if b.quiet || total <= 0 {
		return
	}
	if b.begun && table != b.table {
		b.done()
	}
	if !b.live && done < total && b.begun {
		return // a log gets the first and the last line of a table
	}
	b.table, b.begun = table, true
	filled := int(barWidth * min(done, total) / total)
	line := fmt.Sprintf("   %s [%s%s] %d of %d records", table, strings.Repeat("=", filled), strings.Repeat(" ", barWidth-filled), done, total)
	if b.live {
		fmt.Fprint(b.w, "\r"+line)
		return
	}
	fmt.Fprintln(b.w, line)
}

// done ends the line of the table under way.
func (b *bar) done() {
	if b.begun && b.live {
		fmt.Fprintln(b.w)
	}
	b.begun = false
}
