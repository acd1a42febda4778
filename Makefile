# make help lists the targets. Everything works in a fresh clone with Go, make and
# git; what else is needed is installed on the way (compat_test/setup).

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2
GOVULNCHECK := golang.org/x/vuln/cmd/govulncheck@v1.9.0

# How long each fuzz target runs, how often each benchmark does.
FUZZTIME ?= 20s
COUNT ?= 1
BENCH ?= .
# Port of make run.
PORT ?= 1337
# The compatibility tests mostly wait for silence: more of them than cores run at once.
COMPAT_PARALLEL ?= 8

export PATH := $(CURDIR)/compat_test/setup/.tools/node_modules/node/bin:$(PATH)
SERVERS := $(notdir $(patsubst %/,%,$(wildcard compat_test/servers/*/)))

.PHONY: help
help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{ printf "  make %-12s %s\n", $$1, $$2 }'

.PHONY: run
run: setup-demo ## serve the chat demo at http://localhost:1337 (PORT=… for another port)
	@PORT=$(PORT) go run ./examples/chat

.PHONY: test
test: setup servers ## everything: unit tests with the race detector, then real clients and a browser
	go test -race ./...
	cd compat_test && go test -race -parallel $(COMPAT_PARALLEL) -timeout 20m ./...

.PHONY: test-unit
test-unit: ## only the Go tests of the library, with the race detector
	go test -race ./...

.PHONY: compat
compat: setup servers ## only the tests with real clients; RUN=regexp selects
	cd compat_test && go test -parallel $(COMPAT_PARALLEL) -timeout 30m -run '$(RUN)' ./...

.PHONY: test-long
test-long: setup servers lint ## make test three times in random order, then every fuzz target
	go test -race -count=3 -shuffle=on -timeout 60m ./...
	cd compat_test && go test -race -count=1 -parallel $(COMPAT_PARALLEL) -timeout 60m ./...
	$(MAKE) fuzz

.PHONY: lint
lint: ## gofmt, vet, staticcheck, the rules of this repository, known vulnerabilities
	@unformatted=$$(gofmt -l $$(git ls-files '*.go')); \
	if [ -n "$$unformatted" ]; then echo "gofmt these files:"; echo "$$unformatted"; exit 1; fi
	go vet ./...
	cd compat_test && go vet ./...
	go run $(STATICCHECK) ./...
	cd compat_test && go run $(STATICCHECK) ./...
	cd compat_test && go run ./lint ..
	@$(MAKE) --no-print-directory vuln

.PHONY: vuln
vuln: ## look for known vulnerabilities in what is linked
	@set +e; out=$$(go run $(GOVULNCHECK) ./... 2>&1); code=$$?; \
	if [ $$code -ne 0 ] && grep -qE 'dial tcp|no such host|connection refused|i/o timeout|Forbidden|fetching vulnerabilities' <<<"$$out"; then \
		echo "govulncheck: NOT CHECKED, the vulnerability database https://vuln.go.dev cannot be reached from here"; exit 0; \
	fi; \
	echo "$$out"; exit $$code

.PHONY: bench
bench: ## run the benchmarks (BENCH=regexp, COUNT=10 for benchstat)
	go test -run '^$$' -bench '$(BENCH)' -benchmem -count $(COUNT) ./...

.PHONY: fuzz
fuzz: ## run every fuzz target for FUZZTIME (20s)
	@for dir in $$(go list -f '{{if or .TestGoFiles .XTestGoFiles}}{{.ImportPath}}{{end}}' ./...); do \
		for target in $$(go test -list '^Fuzz' $$dir | grep '^Fuzz' || true); do \
			echo "--- $${dir#github.com/go-sails/sails/} $$target"; \
			go test -run '^$$' -fuzz "^$$target$$" -fuzztime $(FUZZTIME) $$dir; \
		done; \
	done

.PHONY: cover
cover: ## statement coverage of each package by its own tests; cover.html for details
	go test -coverprofile=cover.out ./...
	@go tool cover -func=cover.out | tail -1
	@go tool cover -html=cover.out -o cover.html

.PHONY: servers
servers: ## build the servers under test into compat_test/bin
	@mkdir -p compat_test/bin
	@if [ -n "$(SERVERS)" ]; then cd compat_test && for server in $(SERVERS); do go build -o bin/$$server ./servers/$$server; done; fi

.PHONY: matrix
matrix: setup ## run the client matrix and write docs/client-matrix.md
	cd compat_test && go test -count=1 -parallel $(COMPAT_PARALLEL) -timeout 30m -run '^TestClients$$' -matrix ../docs/client-matrix.md .

.PHONY: golden
golden: setup ## record transcripts from the original software: REFERENCE=folder REFERENCE012=folder
	cd compat_test && go test -count=1 -parallel 4 -timeout 90m -run '^TestSails$$' -update -reference '$(REFERENCE)' .
	cd compat_test && go test -count=1 -parallel 2 -timeout 90m -run '^TestSails012$$' -update -reference-0.12 '$(REFERENCE012)' .

.PHONY: setup setup-demo
setup: ## install what the tests need: Node, Chromium, npm packages
	@compat_test/setup/install.sh test
setup-demo:
	@compat_test/setup/install.sh demo

.PHONY: tidy
tidy: ## go mod tidy everywhere
	go mod tidy
	cd compat_test && go mod tidy
	cd compat_test/peers/zishang && go mod tidy

.PHONY: clean
clean: ## remove what was built and installed inside the checkout
	rm -rf compat_test/bin compat_test/driver/node_modules compat_test/peers/node/node_modules examples/chat/node_modules
	rm -rf compat_test/setup/.tools compat_test/setup/.lock compat_test/setup/.apt.log cover.out cover.html
