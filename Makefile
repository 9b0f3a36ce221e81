# make run      a local MeshHook with its own PostgreSQL      make test     everything, from a fresh clone
# make test PG=18   the same with another major version       make soak     the long forms of the same tests
# make generate Go for sql/queries (after changes in sql/)    make bench    meshhook bench

PG ?=
GO := go

ifeq ($(shell command -v $(GO)),)
$(error MeshHook is built with Go 1.26 or newer, and there is no go in PATH: see https://go.dev/doc/install)
endif

# Tools are pinned here and never enter go.mod. Without cgo they need no C compiler.
TOOL       := CGO_ENABLED=0 GOFLAGS=-mod=mod $(GO) run
SQLC       := $(TOOL) github.com/sqlc-dev/sqlc/cmd/sqlc@v1.31.1
GOFUMPT    := $(TOOL) mvdan.cc/gofumpt@v0.12.0
STATICCHECK := $(TOOL) honnef.co/go/tools/cmd/staticcheck@v0.8.2

# Starts one throw-away PostgreSQL for all packages, and stops it.
WITH_POSTGRES := $(if $(PG),MESHHOOK_PG_VERSION=$(PG)) MESHHOOK_PGTAP="$(CURDIR)/.cache/pgtap" $(GO) run ./db/dbtest/with --

VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)

.PHONY: run test soak bench generate check-generated lint build sql-tools

# Built and then become: a Ctrl-C meets MeshHook itself and ends it in good order, and its other verbs are at hand.
run:
	@echo "building bin/meshhook"
	@$(GO) build -o bin/meshhook ./cmd/meshhook
	@exec bin/meshhook dev $(ARGS)

test: check-generated sql-tools
	$(WITH_POSTGRES) $(GO) test -timeout 30m $(ARGS) ./...

# The long forms of tests that make test runs short: thousands of histories, ten kills, minutes of fuzzing a parser.
FUZZTIME ?= 2m
soak: sql-tools
	MESHHOOK_SOAK=1 $(WITH_POSTGRES) $(GO) test -run 'Histories|Crash|Fleet|Network|Storm|Search|Flood' -count 1 -timeout 2h -v $(ARGS) ./db/enginetest ./cmd/meshhook ./api
	@set -e; for target in ./sql/expr:FuzzExpression ./sql/expr:FuzzTemplate ./db/enginetest:FuzzCron ./api/door/signature:FuzzVerify ./api/door/signature:FuzzTimestamp ./api/door/signature:FuzzStandard ./api/door/signature:FuzzToken ./api/door/signature:FuzzCredential ./api/door/signature:FuzzKeySet ./db/enginetest:FuzzBody ./api/door:FuzzMask ./api/door:FuzzLink; do \
		echo "$$target for $(FUZZTIME)"; \
		$(WITH_POSTGRES) $(GO) test -run '^$$' -fuzz "^$${target#*:}$$" -fuzztime $(FUZZTIME) "$${target%:*}"; \
	done

bench: build
	bin/meshhook bench $(ARGS)

build:
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags '-s -w -X main.release=$(VERSION)' -o bin/meshhook ./cmd/meshhook

lint:
	$(GO) vet ./...
	@unformatted=$$($(GOFUMPT) -l .) && { [ -z "$$unformatted" ] || { echo "not formatted by gofumpt:"; echo "$$unformatted"; exit 1; }; }
	$(STATICCHECK) ./...

# What sqlc reads and what it wrote, as one hash: while it stands, sqlc need not run (its first build takes minutes). Of
# functions it reads the head only, so their bodies and comments are left out.
SQLC_HASH = { LC_ALL=C; export LC_ALL; cat sqlc.yaml sql/queries/*.sql db/db.go db/models.go db/*.sql.go; \
	cat sql/roles.sql sql/migrations/*.sql sql/expr/*.sql sql/engine/*/*.sql sql/verbs/*.sql | \
	awk '/^ *--/ { next } { n = gsub(/\$$[a-z_]*\$$/, "&") } !body { print } n % 2 { body = !body }'; } | \
	{ sha256sum 2>/dev/null || shasum -a 256; } | cut -c1-64

generate:
	$(SQLC) generate
	@$(SQLC_HASH) > db/.sqlc.sha256

check-generated:
	@if [ "$$($(SQLC_HASH))" != "$$(cat db/.sqlc.sha256 2>/dev/null)" ]; then \
		echo "sql/ has changed since make generate: asking sqlc whether that matters"; \
		$(SQLC) diff || { echo "db/*.sql.go is not what sql/ says: run make generate"; exit 1; }; \
	fi

sql-tools:
	@sh sql/tests/tools.sh
