package host

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"time"
)

// Download writes what a URL of net/http/pprof answers to a file.
func Download(url, path string, limit time.Duration) error {
	client := &http.Client{Timeout: limit}
	defer client.CloseIdleConnections()
	res, err := client.Get(url)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("host: %s: %s", url, res.Status)
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
