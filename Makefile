# make help lists the targets. Everything works in a fresh clone with Go, make and
# git; what else is needed is installed on the way (compat_test/setup).

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2
BENCHSTAT := golang.org/x/perf/cmd/benchstat@v0.0.0-20260908200009-22c9c6c9d4da
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
run: setup-demo ## sails lift on records that change live, at http://localhost:1337 (PORT=… for another port)
	@PORT=$(PORT) go run ./cmd/sails lift --dev examples/records

.PHONY: run-chat
run-chat: setup-demo ## serve the chat demo instead
	@PORT=$(PORT) go run ./examples/chat

.PHONY: test
test: setup servers ## everything: unit tests with the race detector, then real clients and a browser
	go run ./sailsio/sqlstore/testservers bash -c 'go test -race ./... && cd compat_test && go test -race -parallel $(COMPAT_PARALLEL) -timeout 20m ./...'

.PHONY: test-unit
test-unit: ## only the Go tests of the library, with the race detector
	go test -race ./...

.PHONY: compat
compat: setup servers ## only the tests with real clients; RUN=regexp selects
	RUN='$(RUN)' go run ./sailsio/sqlstore/testservers bash -c 'cd compat_test && go test -parallel $(COMPAT_PARALLEL) -timeout 30m -run "$$RUN" ./...'

.PHONY: test-long
test-long: setup servers lint ## make test three times in random order, then every fuzz target
	go run ./sailsio/sqlstore/testservers go test -race -count=3 -shuffle=on -timeout 60m ./...
	go run ./sailsio/sqlstore/testservers bash -c 'cd compat_test && PROTOCOL_LIVE=1 RELIABILITY=long LEVERS=build PARSERDIFF_CASES=200000 go test -race -count=1 -parallel $(COMPAT_PARALLEL) -timeout 60m ./...'
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

.PHONY: rules
rules: ## write which test pins which rule (docs/rules.md)
	cd compat_test && go run ./rules .. >../docs/rules.md.new && mv ../docs/rules.md.new ../docs/rules.md

.PHONY: vuln
vuln: ## look for known vulnerabilities in what is linked
	@set +e; out=$$(go run $(GOVULNCHECK) ./... 2>&1); code=$$?; \
	if [ $$code -ne 0 ] && grep -qE 'dial tcp|no such host|connection refused|i/o timeout|Forbidden|fetching vulnerabilities' <<<"$$out"; then \
		echo "govulncheck: NOT CHECKED, the vulnerability database https://vuln.go.dev cannot be reached from here"; exit 0; \
	fi; \
	echo "$$out"; exit $$code

.PHONY: bench
bench: bench-peers ## measure us beside Node, Sails, two Go peers and the floor, 25 minutes; writes docs/benchmarks.md (SHORT=1: 4 minutes; writes into compat_test/bin/short)
	cd compat_test && ./bin/benchrun $(if $(SHORT),-short -out bin/short -data bin/short/results.json) $(BENCH_FLAGS)

.PHONY: bench-peers
bench-peers: ## build and install what make bench compares
	@compat_test/setup/install.sh bench
	@mkdir -p compat_test/bin/measured
	cd compat_test && go build -o bin/measured/ ./servers/bench ./peers/floor && go build -o bin/benchrun ./bench
	-cd compat_test/peers/zishang && go build -o ../../bin/measured/ .
	-cd compat_test/peers/karagenc && go build -o ../../bin/measured/ .

.PHONY: bench-levers
bench-levers: ## measure what each lever does, taken out by a patch, 10 minutes; writes docs/levers.md (LEVERS_FLAGS='-short', '-levers NAME,…')
	cd compat_test && go build -o bin/benchlevers ./bench/levers && ./bin/benchlevers $(LEVERS_FLAGS)

BENCH_NEW := compat_test/bin/bench-new.txt
BENCH_BASELINE := compat_test/bench/baseline.txt

.PHONY: bench-go
bench-go: ## run the Go benchmarks (BENCH=regexp, COUNT=10 for benchstat)
	go test -run '^$$' -bench '$(BENCH)' -benchmem -count $(COUNT) ./...

.PHONY: bench-compare
bench-compare: ## compare the Go benchmarks with the baseline kept; fails when one allocates more
	@mkdir -p compat_test/bin
	go test -run '^$$' -bench . -benchmem -benchtime 0.1s -count 6 ./... >$(BENCH_NEW) || { cat $(BENCH_NEW); exit 1; }
	@go run $(BENCHSTAT) -ignore cpu $(BENCH_BASELINE) $(BENCH_NEW) || true
	@cd compat_test && go run ./bench/allocs bench/baseline.txt bin/bench-new.txt

.PHONY: bench-baseline
bench-baseline: ## keep what the Go benchmarks cost now for make bench-compare
	go test -run '^$$' -bench . -benchmem -benchtime 0.1s -count 6 ./... >$(BENCH_BASELINE).new
	grep -E '^(goos|goarch|pkg|Benchmark)' $(BENCH_BASELINE).new >$(BENCH_BASELINE)
	@rm $(BENCH_BASELINE).new

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
matrix: setup ## play all clients and write docs/client-matrix.md and the table in README
	cd compat_test && go test -count=1 -parallel $(COMPAT_PARALLEL) -timeout 40m -run '^(TestClients|TestSails|TestSails012|TestBrowser_Sails)$$' -matrix ../docs/client-matrix.md .

.PHONY: golden
golden: setup ## record transcripts from the original software: REFERENCE=folder REFERENCE012=folder
	cd compat_test && go test -count=1 -parallel 4 -timeout 90m -run '^TestSails$$' -update -reference '$(REFERENCE)' .
	cd compat_test && go test -count=1 -parallel 2 -timeout 90m -run '^TestSails012$$' -update -reference-0.12 '$(REFERENCE012)' .
	cd compat_test && go test -count=1 -parallel 2 -timeout 30m -run '^TestBrowser_Sails$$' -update .
	cd compat_test && go test -count=1 -parallel $(COMPAT_PARALLEL) -run '^TestProtocol$$' ./protocol -update

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
	cd compat_test/peers/karagenc && go mod tidy

.PHONY: clean
clean: ## remove what was built and installed inside the checkout
	rm -rf compat_test/bin internal/conformance/driver/node_modules compat_test/peers/*/node_modules examples/chat/node_modules
	rm -rf compat_test/setup/.tools compat_test/setup/.lock compat_test/setup/.apt.log cover.out cover.html
