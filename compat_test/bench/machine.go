package main

import (
	"bytes"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
)

// kernelMemory is what the kernel holds in its caches of objects, sockets among them,
// and in buffers of TCP.
func kernelMemory() (int64, error) {
	sum := int64(0)
	for file, field := range map[string]string{"/proc/meminfo": "SUnreclaim:", "/proc/net/sockstat": "TCP:"} {
		data, err := os.ReadFile(file)
		if err != nil {
			return 0, err
		}
		for line := range bytes.Lines(data) {
			rest, ok := strings.CutPrefix(string(line), field)
			if !ok {
				continue
			}
			words := strings.Fields(rest)
			unit := int64(1 << 10) // of meminfo
			if field == "TCP:" {
				unit = int64(os.Getpagesize())
			}
			n, err := strconv.ParseInt(words[0], 10, 64)
			if at := slices.Index(words, "mem"); at >= 0 && at+1 < len(words) {
				n, err = strconv.ParseInt(words[at+1], 10, 64)
			}
			if err != nil {
				return 0, fmt.Errorf("bench: %s: %w", file, err)
			}
			sum += n * unit
		}
	}
	return sum, nil
}
