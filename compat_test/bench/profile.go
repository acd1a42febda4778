package main

import (
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/go-sails/sails/compat_test/bench/host"
	"github.com/go-sails/sails/compat_test/internal/program"
)

// profile asks the server of a stage for a pprof profile of what follows (kind
// "profile") or of its memory ("heap") and keeps it in the folder of the command line.
func (st *stage) profile(kind string, during time.Duration) {
	st.profiled++
	st.b.profile(st.server, st.name, fmt.Sprintf("%s-eio%d-%s-%d.%s", st.scene, st.revision, st.name, st.profiled, kind), kind, during)
}

// profile does it for any server in Go; b.profiling waits for it.
func (b *bench) profile(server *program.Program, name, file, kind string, during time.Duration) {
	if b.profiles == "" || b.servers[name].npm != nil {
		return
	}
	path := filepath.Join(b.profiles, file)
	url := fmt.Sprintf("%s/debug/pprof/%s?seconds=%d", server.URL, kind, max(1, int(during.Seconds())))
	if during == 0 {
		url = fmt.Sprintf("%s/debug/pprof/%s", server.URL, kind)
	}
	fetch := func() {
		if err := host.Download(url, path, during+10*time.Second); err != nil {
			fmt.Fprintln(os.Stderr, "bench: profile:", err)
		}
	}
	if during == 0 {
		fetch()
		return
	}
	b.profiling.Go(fetch)
}
