package main

import (
	"context"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// undo holds one patch per lever.
//
//go:embed undo/*.patch
var undo embed.FS

// buildLimit bounds the compilation of one server.
const buildLimit = 5 * time.Minute

// patched applies the patch of a lever to copies of the files it is about, in dir,
// and returns the path of an overlay for the go command: root is where the checkout
// is, which stays as it is.
func patched(ctx context.Context, root, dir, name string) (overlay string, err error) {
	patch, err := undo.ReadFile("undo/" + name + ".patch")
	if err != nil {
		return "", err
	}
	replace := map[string]string{}
	for line := range strings.Lines(string(patch)) {
		file, ok := strings.CutPrefix(strings.TrimSpace(line), "+++ b/")
		if !ok {
			continue
		}
		if !filepath.IsLocal(file) {
			return "", fmt.Errorf("%s: patches %s", name, file)
		}
		from, to := filepath.Join(root, file), filepath.Join(dir, file)
		replace[from] = to
		if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
			return "", err
		}
		data, err := os.ReadFile(from)
		if errors.Is(err, os.ErrNotExist) { // the patch creates it, or git says that it is missing
			continue
		}
		if err != nil {
			return "", err
		}
		if err := os.WriteFile(to, data, 0o644); err != nil {
			return "", err
		}
	}
	if len(replace) == 0 {
		return "", fmt.Errorf("%s: the patch changes nothing", name)
	}
	apply := exec.CommandContext(ctx, "git", "apply", "-")
	apply.Dir = dir
	apply.Env = append(os.Environ(), "GIT_CEILING_DIRECTORIES="+filepath.Dir(dir)) // no checkout around it counts
	apply.Stdin = strings.NewReader(string(patch))
	if out, err := apply.CombinedOutput(); err != nil {
		return "", fmt.Errorf("compat_test/bench/levers/undo/%s.patch does not fit the code any more (how to make it anew: compat_test/bench/levers/main.go): %w\n%s", name, err, out)
	}
	data, err := json.Marshal(map[string]map[string]string{"Replace": replace})
	if err != nil {
		return "", err
	}
	overlay = filepath.Join(dir, "overlay.json")
	return overlay, os.WriteFile(overlay, data, 0o644)
}

// compile builds the bench server, with an overlay unless that is "".
func compile(ctx context.Context, root, overlay, to string) error {
	ctx, cancel := context.WithTimeout(ctx, buildLimit)
	defer cancel()
	args := []string{"build", "-ldflags=-s -w", "-o", to}
	if overlay != "" {
		args = append(args, "-overlay", overlay)
	}
	cmd := exec.CommandContext(ctx, "go", append(args, "./servers/bench")...)
	cmd.Dir = filepath.Join(root, "compat_test")
	cmd.WaitDelay = time.Second
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("go build: %w\n%s", err, out)
	}
	return nil
}
