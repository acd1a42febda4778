// Command allocs compares the allocations of two outputs of go test -bench:
//
//	allocs BASELINE NEW
//
// It fails when a benchmark allocates more often than in the baseline: by more than
// one in twenty, so by one at all where there were fewer than twenty. Times are not
// judged, since they are the machine's; benchstat shows them.
package main

import (
	"bufio"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: allocs BASELINE NEW")
		os.Exit(2)
	}
	before, err := read(os.Args[1])
	if err == nil {
		var after map[string]float64
		if after, err = read(os.Args[2]); err == nil {
			os.Exit(compare(before, after))
		}
	}
	fmt.Fprintln(os.Stderr, "allocs:", err)
	os.Exit(2)
}

func compare(before, after map[string]float64) int {
	worse := 0
	names := make([]string, 0, len(after))
	for name := range after {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		now := after[name]
		was, known := before[name]
		switch {
		case !known:
			fmt.Printf("new: %s, %v allocs/op; make bench-baseline keeps it\n", name, now)
		case now > was*1.05:
			fmt.Printf("WORSE: %s, %v allocs/op where %v were enough\n", name, now, was)
			worse++
		case now < was*0.95:
			fmt.Printf("better: %s, %v allocs/op instead of %v\n", name, now, was)
		}
	}
	for name := range before {
		if _, still := after[name]; !still {
			fmt.Printf("gone: %s\n", name)
		}
	}
	if worse > 0 {
		fmt.Printf("%d benchmarks allocate more than compat_test/bench/baseline.txt allows\n", worse)
		return 1
	}
	fmt.Printf("%d benchmarks, none allocates more than before\n", len(after))
	return 0
}

// read returns the median allocations per operation by package and benchmark.
func read(path string) (map[string]float64, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	samples := map[string][]float64{}
	pkg := ""
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		line := lines.Text()
		if rest, ok := strings.CutPrefix(line, "pkg: "); ok {
			pkg = rest
			continue
		}
		fields := strings.Fields(line)
		if len(fields) < 4 || !strings.HasPrefix(fields[0], "Benchmark") {
			continue
		}
		name := fields[0]
		if i := strings.LastIndexByte(name, '-'); i > 0 { // the number of processors
			if _, err := strconv.Atoi(name[i+1:]); err == nil {
				name = name[:i]
			}
		}
		for i := 2; i+1 < len(fields); i += 2 {
			if fields[i+1] != "allocs/op" {
				continue
			}
			n, err := strconv.ParseFloat(fields[i], 64)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", path, err)
			}
			samples[pkg+"."+name] = append(samples[pkg+"."+name], n)
		}
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if len(samples) == 0 {
		return nil, fmt.Errorf("%s: no benchmarks with allocs/op", path)
	}
	medians := make(map[string]float64, len(samples))
	for name, list := range samples {
		slices.Sort(list)
		medians[name] = list[len(list)/2]
	}
	return medians, nil
}
