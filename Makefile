# tunnus: `make demo` shows the whole way once, `make test` checks it.
GO    ?= go
FLAGS ?= -timeout 20m
CODE   = $$(git ls-files '*.go' | grep -Ev '^store/db/|_templ.go')

.PHONY: build demo dss test test-pkcs11 test-pcsc test-arm64 test-onnx planted faults fuzz check bench models clean

build: models
	$(GO) build -trimpath -o bin/tunnus ./cmd/tunnus

# The data files of the face engine, from two npm packages pinned by lock file and by SHA-256.
models: bin/models/.done
bin/models/.done: models/package-lock.json models/copy
	cd models && npm ci --ignore-scripts --no-audit --no-fund --omit=dev --omit=peer --omit=optional
	models/copy bin/models
	touch $@
demo: build; bin/tunnus demo
test: models
	$(GO) test $(FLAGS) ./...
test-pkcs11:; $(GO) test -tags pkcs11 $(FLAGS) ./key/hsm/...
test-pcsc:; $(GO) test -tags pcsc $(FLAGS) ./document/pcsc ./cmd/phone
planted: models; planted/run
test-arm64:; GOARCH=arm64 $(GO) test $(FLAGS) -exec qemu-aarch64-static ./face/tensor
test-onnx: models; models/runtime bin/onnx && CGO_ENABLED=1 $(GO) test -tags onnx $(FLAGS) ./face/operator/... ./cmd/engine
dss: build; tools/dss/run
faults: models; $(GO) run ./e2e/faults/cmd
check: bin/tools/.done
	$(GO) vet ./... && if test -e /usr/include/PCSC/winscard.h; then $(GO) vet -tags pcsc ./document/pcsc ./cmd/phone; fi
	bin/tools/staticcheck ./...
	@out=$$(bin/tools/gofumpt -l $(CODE)); test -z "$$out" || { echo "gofumpt: $$out"; exit 1; }
	bin/tools/sqlc diff && bin/tools/templ generate -path web/portal/pages >/dev/null 2>&1 && git diff --exit-code --stat -- web
	$(GO) mod tidy -diff
	cd tools && $(GO) vet ./... && $(GO) mod tidy -diff
bin/tools/.done: tools/go.sum
	cd tools && $(GO) build -o ../bin/tools/ tool
	touch $@
bench: models
	$(GO) test -run '^$$' -bench . -benchtime 2s ./document/... ./enrol/... ./face/... ./key/... ./store/... ./trust/... ./app/... ./e2e/...
fuzz: ; tools/fuzz/run $(FUZZ)
clean: ; rm -rf bin models/node_modules tools/dss/target
