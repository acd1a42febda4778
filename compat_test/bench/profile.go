package main

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"time"
)

// profile asks a Go server for a pprof profile of what follows (kind "profile") or
// of its memory ("heap") and keeps it in the folder of the command line.
func (st *stage) profile(kind string, during time.Duration) {
	if st.b.profiles == "" || st.b.servers[st.name].npm != nil {
		return
	}
	st.profiled++
	path := filepath.Join(st.b.profiles, fmt.Sprintf("%s-eio%d-%s-%d.%s", st.scene, st.revision, st.name, st.profiled, kind))
	url := fmt.Sprintf("http://127.0.0.1:%d/debug/pprof/%s?seconds=%d", st.server.Port, kind, max(1, int(during.Seconds())))
	if during == 0 {
		url = fmt.Sprintf("http://127.0.0.1:%d/debug/pprof/%s", st.server.Port, kind)
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
	st.b.profiling.Go(fetch)
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
