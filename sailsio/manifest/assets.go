package manifest

import (
	"io/fs"
	"net/http"
	"path"
	"strings"

	"github.com/go-sails/sails/virtualrequest"
)

// assets serves the files of a folder over plain HTTP, and hands everything else to
// next. Nothing below a name that begins with a dot is served.
func assets(files fs.FS, next http.Handler) http.Handler {
	server := http.FileServerFS(files)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, virtual := virtualrequest.FromContext(r.Context())
		if virtual || r.Method != http.MethodGet && r.Method != http.MethodHead || !isFile(files, r.URL.Path) {
			next.ServeHTTP(w, r)
			return
		}
		w.Header().Set("X-Content-Type-Options", "nosniff")
		server.ServeHTTP(w, r)
	})
}

// isFile reports whether a path names a file, or a folder with an index.html.
func isFile(files fs.FS, urlPath string) bool {
	name := strings.TrimPrefix(path.Clean("/"+urlPath), "/")
	if name == "" {
		name = "."
	}
	if strings.HasPrefix(name, ".") && name != "." || strings.Contains(name, "/.") {
		return false
	}
	info, err := fs.Stat(files, name)
	if err != nil {
		return false
	}
	if info.IsDir() {
		info, err = fs.Stat(files, path.Join(name, "index.html"))
	}
	return err == nil && info.Mode().IsRegular()
}
