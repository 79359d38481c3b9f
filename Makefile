# Every command works from a bare checkout, installs what is missing, and can be repeated: what stands is not redone.
.DEFAULT_GOAL := help
.PHONY: help run test dev bench soak lint setup

help: ## this list
	@printf 'Portico. From a bare checkout:\n\n'
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## build for release and start the portal on http://127.0.0.1:3000 (TLS=1: HTTP/2 with a generated certificate)
	@TLS="$(TLS)" scripts/run

test: ## every test: Rust, WASM, TypeScript, browser, real servers
	@scripts/test

dev: ## cargo leptos watch: the shell and the example remotes reload as they change
	@scripts/dev

bench: ## the benchmarks, each beside its peer
	@scripts/bench

soak: ## faults under load on real Kafka nodes: SOAK_SECONDS=600, SOAK_SEED=1
	@scripts/soak

lint: ## rustfmt, clippy, cargo-deny, TypeScript and docs checks
	@scripts/lint

setup: ## install what the commands above need, and stop
	@scripts/setup test
	@scripts/setup lint
