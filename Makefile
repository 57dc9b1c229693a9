# Every command of the project. `make help` lists them.

CARGO ?= cargo
SPEC := asyncapi/chat.yml
TIGHTWIRE := $(CARGO) run --quiet --package tightwire-cli --
# nextest where it is installed, cargo's own runner where it is not.
NEXTEST := $(shell $(CARGO) nextest --version >/dev/null 2>&1 && echo yes)
ifeq ($(NEXTEST),yes)
CARGO_TEST := $(CARGO) nextest run --no-fail-fast
else
CARGO_TEST := $(CARGO) test --tests --no-fail-fast
endif

.DEFAULT_GOAL := help
.PHONY: help run app cluster test lint lint-rust lint-typescript regen-ws-code ws-code-diff-check validate-spec docs-script \
	test-rust pact-check pact-oracles pact-verify test-typescript test-browser pact-capture bench bench-fanout bench-broker soak chaos nightly hooks node-modules redis-server chromium python-packages

help: ## List the commands
	@awk -F':.*## ' '/^[a-z-]+:.*## / { printf "  %-20s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: app ## Start the chat server on http://127.0.0.1:8080 (in-memory broker, no services, no tokens)
	$(CARGO) run -- --auth-disabled

# The page at /: built again when one of these is newer. The server starts without it, too, and says so at /.
APP := frontend/app/dist/index.html
APP_SOURCES := $(shell find frontend/app/src frontend/client/src frontend/chat/src generated/typescript -type f) \
	frontend/app/index.html frontend/app/vite.config.ts frontend/app/package.json

app: ## Build the page at / where it is missing or older than its sources (needs Node.js)
	@if ! command -v npm >/dev/null; then \
		echo "Node.js is missing, so the page at / is not built: install version $$(cat .nvmrc), then run make app."; \
	elif ! $(MAKE) --silent $(APP); then \
		echo "The page at / could not be built: see above. The server runs without it."; \
	fi

$(APP): $(APP_SOURCES) node_modules/.package-lock.json
	npm run --silent build --workspace frontend/app

# Where the balancer of `make cluster` listens; its nodes have the ports after it.
PORT ?= 8080

cluster: app redis-server ## Start Redis, three chat servers and a balancer on http://127.0.0.1:PORT, and show what arrives on each
	$(CARGO) build --quiet --package tightwire-chat --package tightwire-cli --package example-cluster
	$(CARGO) run --quiet --package example-cluster -- --port $(PORT)

test: validate-spec lint ws-code-diff-check pact-check test-rust test-typescript pact-capture test-browser ## Everything CI runs

validate-spec: node-modules ## Check the contract with the official parser and with our own
	npm run --silent validate:asyncapi
	$(TIGHTWIRE) validate --deny-warnings $(SPEC)

lint: lint-rust lint-typescript ## Formatters and linters of both languages

lint-rust:
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets --features otlp,tls,tightwire/tls -- -D warnings

lint-typescript: node-modules
	npm run --silent lint
	npm run --silent typecheck

docs-script: node-modules ## Build the script of the page at /docs from frontend/docs, and the pages with it
	npm run --silent build --workspace frontend/docs
	$(MAKE) --no-print-directory regen-ws-code

regen-ws-code: ## Write generated/ and contracts/cases/ from the contract
	$(TIGHTWIRE) generate all $(SPEC) --out .

ws-code-diff-check: ## Fail if generated/ or contracts/cases/ differ from what the contract gives
	$(TIGHTWIRE) generate all $(SPEC) --out . --check

test-rust: node-modules redis-server python-packages
	$(CARGO_TEST) --workspace
	$(CARGO_TEST) --package tightwire --features tls,otlp,redis --test tls --test otlp
	$(CARGO_TEST) --package tightwire --features settings --lib settings::
	$(CARGO_TEST) --package tightwire-chat --features tls --test tls
	$(CARGO) test --workspace --doc --quiet

pact-check: ## Hold contracts/*.json against the AsyncAPI document, and say what of it they are not about
	$(TIGHTWIRE) contract check --deny-warnings contracts/*.json --spec $(SPEC)

pact-oracles: ## The contracts and the matcher, checked by other implementations of Pact in Rust, Python and JavaScript
	scripts/pact-oracles.sh

pact-verify: redis-server ## What consumers rely on (contracts/*.json), verified with the real server on each broker; prints what was verified
	$(CARGO) test --quiet --test contracts -- --nocapture --test-threads 1 the_server_does_what_every_consumer_relies_on

test-typescript: node-modules $(APP)
	npm test

test-browser: node-modules $(APP) redis-server chromium ## The page in Chromium, before the chat server; pictures in frontend/app/pictures
	$(CARGO) build --quiet --package tightwire-chat --package tightwire-cli
	npm run --silent test:browser --workspace frontend/app

pact-capture: node-modules ## What the page and the Rust client rely on, recorded by their tests; fails where contracts/ says otherwise (UPDATE_PACTS=1 writes it)
	$(CARGO) build --quiet --package tightwire-cli
	npm run --silent test:pact --workspace frontend/app
	$(CARGO_TEST) --package tightwire-chat --test rust_consumer

bench: node-modules ## The benchmarks (release builds); each says what it measures
	@echo "==== Decoding and validating a frame, beside other ways to do it"
	$(CARGO) bench --bench decode
	@echo "==== Reading and checking a document"
	$(CARGO) bench --package tightwire-spec --bench load
	@echo "==== Generating everything from a document"
	$(CARGO) bench --package tightwire-codegen --bench generate
	@echo "==== The TypeScript guards, beside ajv"
	npm run bench --workspace frontend/chat
	@echo "==== The chat server under load (tightwire bench)"
	scripts/bench-load.sh

bench-fanout: node-modules ## What a delivery costs, beside other servers; writes the table in docs/performance.md
	$(CARGO) run --release --package tightwire-fanout-bench -- --write docs/performance.md

bench-broker: redis-server ## What several servers cost over Redis, and what a million connections need; writes the tables in docs/scaling.md
	$(CARGO) run --release --package tightwire-broker-bench -- --write docs/scaling.md

# How long the soak lasts, in seconds.
DURATION ?= 3600
# Where the server of the soak publishes: memory or redis.
BROKER ?= memory

soak: $(if $(filter redis,$(BROKER)),redis-server) ## Churn, floods, slow and broken clients against the chat server, in memory or with BROKER=redis, for DURATION seconds: no growth, no loss, no panic
	TIGHTWIRE_SOAK_SECONDS=$(DURATION) $(CARGO) test --release --test protections -- --nocapture soak::$(BROKER)::

chaos: redis-server ## Three nodes, 300 clients, 50 topics and 100 000 frames on one Redis, calm, while everything fails, and when all data is lost
	TIGHTWIRE_CLUSTER_CLIENTS=300 TIGHTWIRE_CLUSTER_TOPICS=50 TIGHTWIRE_CLUSTER_TOPICS_PER_CLIENT=5 \
		TIGHTWIRE_CLUSTER_FRAMES=100000 TIGHTWIRE_CLUSTER_SECONDS=180 TIGHTWIRE_CLUSTER_OUTAGE_SECONDS=10 \
		$(CARGO) test --release --test cluster -- --nocapture --test-threads 1

# What the fuzz targets of `make nightly` take altogether is three times as long.
FUZZ_DURATION ?= 600

.PHONY: fuzz-targets mutants mutants-full mutants-baseline

fuzz-targets: ## The decoder, the session and the loader of documents on bytes that cargo fuzz makes up, each for DURATION seconds
	scripts/fuzz-targets.sh $(DURATION)

mutants: ## Change the code that differs from main, place by place, to see whether a test notices (cargo-mutants)
	scripts/mutants.sh changed

mutants-full: ## The same for all code, or for FILES="crates/…/a.rs …", or a part of it (SHARD=3/120), against the baseline
	scripts/mutants.sh all

mutants-baseline: ## Take over into .cargo/mutants-missed.txt what the last run found better, and files that are new there
	node scripts/mutants-baseline.mjs target/mutants/mutants.out --write

nightly: test ## The slow lanes: a million differential cases, ten million fuzzed messages, more of every attack, minutes of a failing Redis, of a failing network before the page, nodes that fail, 10 000 connections, an hour of soak, ten minutes of each fuzz target, a part of all mutants, Autobahn
	TIGHTWIRE_DIFF_CASES=1000000 $(CARGO_TEST) --release --test decoder_differential
	TIGHTWIRE_FUZZ_FRAMES=10000000 TIGHTWIRE_FUZZ_SEED=$$(date +%s) \
		$(CARGO) test --release --test fuzz -- --nocapture sequences::memory::
	TIGHTWIRE_FUZZ_FRAMES=500000 $(CARGO) test --release --test fuzz -- --nocapture sequences::redis::
	TIGHTWIRE_ATTACK_ROUNDS=30 $(CARGO_TEST) --release --test protections
	TIGHTWIRE_IDLE_CONNECTIONS=10000 $(CARGO) test --release --test protections -- --nocapture --test-threads 1 idle::
	TIGHTWIRE_CHAOS_SECONDS=300 TIGHTWIRE_CHAOS_SEED=$$(date +%s) \
		$(CARGO) test --package tightwire --features redis --test runtime -- --nocapture broker::chaos::
	TIGHTWIRE_CHAOS_SECONDS=300 npm run --silent test:browser --workspace frontend/app -- chaos
	$(MAKE) chaos
	$(MAKE) soak
	$(MAKE) soak BROKER=redis DURATION=900
	TIGHTWIRE_FUZZ_SECONDS=600 TIGHTWIRE_FUZZ_SEED=$$(date +%s) \
		$(CARGO) test --release --test fuzz -- --nocapture --test-threads 1 real_sockets::
	$(MAKE) fuzz-targets DURATION=$(FUZZ_DURATION)
	$(MAKE) mutants-full SHARD=$$(( $$(date +%j | sed 's/^0*//') % 120 ))/120
	scripts/autobahn.sh
	$(MAKE) pact-oracles

hooks: ## Install a pre-commit hook that validates the contract and checks drift
	git config core.hooksPath scripts/hooks

chromium: ## Install Chromium where it is missing: tests of the page start it
	scripts/chromium.sh

python-packages: ## Install the Python packages that tests use into target/python, where there is Python
	scripts/python-packages.sh

redis-server: ## Install redis-server where it is missing: tests of brokers start it
	scripts/redis-server.sh

# npm ci only where the lock file is newer than what is installed.
node-modules: node_modules/.package-lock.json

node_modules/.package-lock.json: package-lock.json
	@command -v node >/dev/null || { echo "Node.js is missing: install version $$(cat .nvmrc), for instance with nvm (.nvmrc) or from nodejs.org."; exit 1; }
	@node -e 'const want = Number(require("fs").readFileSync(".nvmrc", "utf8")); const have = Number(process.versions.node.split(".")[0]); if (have < want) { console.error(`Node.js $${process.versions.node} is too old: version $${want} or later is needed (.nvmrc).`); process.exit(1) }'
	npm ci --no-audit --no-fund
	@touch $@
