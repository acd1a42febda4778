package engineio

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"io"
	"net/http"
	"strings"
	"sync"
)

// Writers are large and kept between answers.
var (
	gzipWriters = sync.Pool{New: func() any { return gzip.NewWriter(io.Discard) }}
	zlibWriters = sync.Pool{New: func() any { return zlib.NewWriter(io.Discard) }}
)

// compressBody packs a polling answer in the encoding the client accepts, gzip
// before deflate, and names it in h. A client that names neither gets it as it is.
func compressBody(h http.Header, accept string, body []byte) []byte {
	h.Add("Vary", "Accept-Encoding")
	var packed bytes.Buffer
	switch encoding := chooseEncoding(accept); encoding {
	case "gzip":
		w := gzipWriters.Get().(*gzip.Writer)
		defer gzipWriters.Put(w)
		w.Reset(&packed)
		if !packInto(w, body) {
			return body
		}
		h.Set("Content-Encoding", encoding)
	case "deflate":
		w := zlibWriters.Get().(*zlib.Writer)
		defer zlibWriters.Put(w)
		w.Reset(&packed)
		if !packInto(w, body) {
			return body
		}
		h.Set("Content-Encoding", encoding)
	default:
		return body
	}
	return packed.Bytes()
}

func packInto(w io.WriteCloser, body []byte) bool {
	_, err := w.Write(body)
	return err == nil && w.Close() == nil
}

// chooseEncoding reads an Accept-Encoding header; q=0 excludes an encoding.
func chooseEncoding(accept string) string {
	deflate := false
	for part := range strings.SplitSeq(accept, ",") {
		name, parameters, _ := strings.Cut(part, ";")
		if q := strings.ReplaceAll(parameters, " ", ""); q == "q=0" || strings.HasPrefix(q, "q=0.") && strings.Trim(q[4:], "0") == "" {
			continue
		}
		switch strings.ToLower(strings.TrimSpace(name)) {
		case "gzip", "x-gzip":
			return "gzip"
		case "deflate":
			deflate = true
		}
	}
	if deflate {
		return "deflate"
	}
	return ""
}
