package engineio

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"io"
	"net/http"
	"strconv"
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

// chooseEncoding reads an Accept-Encoding header: of gzip and deflate the one with
// the higher q, else gzip. q=0 excludes an encoding; * stands for both.
func chooseEncoding(accept string) string {
	best, bestQ := "", 0.0
	for part := range strings.SplitSeq(accept, ",") {
		name, parameters, _ := strings.Cut(part, ";")
		q := 1.0
		if value, ok := strings.CutPrefix(strings.ReplaceAll(parameters, " ", ""), "q="); ok {
			if n, err := strconv.ParseFloat(value, 64); err == nil {
				q = n
			}
		}
		name = strings.ToLower(strings.TrimSpace(name))
		switch name {
		case "gzip", "x-gzip", "*":
			if q > bestQ || q == bestQ && best == "deflate" {
				best, bestQ = "gzip", q
			}
		case "deflate":
			if q > bestQ {
				best, bestQ = name, q
			}
		}
	}
	return best
}
