package conformance

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

const (
	oldestNode   = 18
	installLimit = 5 * time.Minute
)

// packageFiles say which clients to install.
var packageFiles = []string{"package.json", "package-lock.json", ".npmrc"}

// findNode returns the path of Node, and checks that it is not too old.
func findNode(ctx context.Context, name string) (string, error) {
	node, err := exec.LookPath(name)
	if err != nil {
		return "", fmt.Errorf("conformance: %s was not found: the clients run in Node %d or newer (--node names it)", name, oldestNode)
	}
	out, err := exec.CommandContext(ctx, node, "--version").Output()
	if err != nil {
		return "", fmt.Errorf("conformance: %s --version: %w", node, err)
	}
	version := strings.TrimPrefix(strings.TrimSpace(string(out)), "v")
	major, _, _ := strings.Cut(version, ".")
	if n, err := strconv.Atoi(major); err != nil || n < oldestNode {
		return "", fmt.Errorf("conformance: %s is version %q; the clients need %d or newer (--node names another)", node, version, oldestNode)
	}
	return node, nil
}

// packages returns the node_modules with the clients.
func packages(ctx context.Context, o Options) (string, error) {
	if o.Packages != "" {
		modules, err := filepath.Abs(filepath.Join(o.Packages, "node_modules"))
		if err != nil {
			return "", err
		}
		if _, err := os.Stat(modules); err != nil {
			return "", fmt.Errorf("conformance: --packages %s: %w", o.Packages, err)
		}
		return modules, nil
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("conformance: no folder to keep the clients in: %w", err)
	}
	sum := sha256.New()
	for _, name := range packageFiles {
		text, err := Files.ReadFile("driver/" + name)
		if err != nil {
			return "", err
		}
		sum.Write(text)
	}
	dir := filepath.Join(cache, "go-sails", "clients-"+hex.EncodeToString(sum.Sum(nil))[:16])
	modules := filepath.Join(dir, "node_modules")
	if _, err := os.Stat(modules); err == nil {
		return modules, nil
	}
	o.Progress("installing the clients from npm into " + dir)
	if err := install(ctx, o.Node, dir); err != nil {
		return "", err
	}
	return modules, nil
}

// install makes the folder dir as a whole, or not at all.
func install(ctx context.Context, node, dir string) (err error) {
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return fmt.Errorf("conformance: %w", err)
	}
	temp, err := os.MkdirTemp(filepath.Dir(dir), "installing-")
	if err != nil {
		return fmt.Errorf("conformance: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(temp)) }() // nothing is there once it was renamed
	for _, name := range packageFiles {
		text, err := Files.ReadFile("driver/" + name)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(temp, name), text, 0o644); err != nil {
			return err
		}
	}
	npm, err := exec.LookPath(filepath.Join(filepath.Dir(node), "npm"))
	if err != nil {
		if npm, err = exec.LookPath("npm"); err != nil {
			return errors.New("conformance: npm was not found: it installs the clients (--packages names a folder that has them)")
		}
	}
	limited, cancel := context.WithTimeout(ctx, installLimit)
	defer cancel()
	cmd := exec.CommandContext(limited, npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
	cmd.Dir = temp
	cmd.WaitDelay = 5 * time.Second
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("conformance: npm could not install the clients: %w\n%s", err, out[max(0, len(out)-2048):])
	}
	if err := os.Rename(temp, dir); err != nil {
		if _, there := os.Stat(filepath.Join(dir, "node_modules")); there == nil {
			return nil // somebody else was faster
		}
		return fmt.Errorf("conformance: %w", err)
	}
	return nil
}
