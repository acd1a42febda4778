package socketio

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"regexp"
	"strings"
	"time"
)

// clientFile is the name of a file of the JavaScript client.
var clientFile = regexp.MustCompile(`^socket\.io(\.msgpack|\.esm)?(\.min)?\.js(\.map)?$`)

// clientFiles serves the JavaScript client. The files are read once: their names
// are fixed, so no path of a request reaches the file system.
type clientFiles struct {
	byName map[string]*servedFile
}

type servedFile struct {
	plain   []byte
	gzipped []byte
	etag    string
	kind    string
}

// maxClientFile bounds a file of the client.
const maxClientFile = 8 << 20

func newClientFiles(dir string) (*clientFiles, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("socketio: Config.ClientDir: %w", err)
	}
	files := &clientFiles{byName: make(map[string]*servedFile)}
	for _, e := range entries {
		if !clientFile.MatchString(e.Name()) {
			continue
		}
		f, err := readClientFile(os.DirFS(dir), e.Name())
		if err != nil {
			return nil, fmt.Errorf("socketio: Config.ClientDir: %w", err)
		}
		files.byName[e.Name()] = f
	}
	if len(files.byName) == 0 {
		return nil, errors.New("socketio: Config.ClientDir has no socket.io*.js; point it at the dist folder of the client")
	}
	return files, nil
}

func readClientFile(dir fs.FS, name string) (*servedFile, error) {
	info, err := fs.Stat(dir, name)
	if err != nil {
		return nil, err
	}
	if info.Size() > maxClientFile {
		return nil, fmt.Errorf("%s is too large", name)
	}
	plain, err := fs.ReadFile(dir, name)
	if err != nil {
		return nil, err
	}
	var packed bytes.Buffer
	zw := gzip.NewWriter(&packed)
	if _, err := zw.Write(plain); err != nil {
		return nil, err
	}
	if err := zw.Close(); err != nil {
		return nil, err
	}
	sum := sha256.Sum256(plain)
	f := &servedFile{plain: plain, gzipped: packed.Bytes(), kind: "application/javascript; charset=utf-8"}
	f.etag = `"` + base64.RawURLEncoding.EncodeToString(sum[:12]) + `"`
	if strings.HasSuffix(name, ".map") {
		f.kind = "application/json; charset=utf-8"
	}
	return f, nil
}

// serve answers requests for files of the client; false for all others.
func (c *clientFiles) serve(w http.ResponseWriter, r *http.Request, name string) bool {
	f := c.byName[name]
	if f == nil || r.Method != http.MethodGet && r.Method != http.MethodHead {
		return false
	}
	h := w.Header()
	h.Set("Content-Type", f.kind)
	h.Set("Cache-Control", "public, max-age=0")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Vary", "Accept-Encoding")
	h.Set("ETag", f.etag)
	body := f.plain
	if r.Header.Get("Range") == "" && acceptsGzip(r.Header.Get("Accept-Encoding")) {
		h.Set("Content-Encoding", "gzip")
		h.Set("ETag", `W/`+f.etag)
		body = f.gzipped
	}
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(body))
	return true
}

func acceptsGzip(header string) bool {
	for part := range strings.SplitSeq(header, ",") {
		name, q, _ := strings.Cut(strings.TrimSpace(part), ";")
		if strings.EqualFold(strings.TrimSpace(name), "gzip") {
			return !strings.HasPrefix(strings.ReplaceAll(q, " ", ""), "q=0") || strings.Contains(q, "q=0.")
		}
	}
	return false
}
