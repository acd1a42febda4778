package main

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"time"

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
		if err := download(url, path, during+10*time.Second); err != nil {
			fmt.Fprintln(os.Stderr, "bench: profile:", err)
		}
	}
	if during == 0 {
		fetch()
		return
	}
	b.profiling.Go(fetch)
}

func download(url, path string, limit time.Duration) error {
	client := &http.Client{Timeout: limit}
	defer client.CloseIdleConnections()
	res, err := client.Get(url)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", url, res.Status)
	}
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, res.Body)
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	return err
}
