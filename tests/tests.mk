# Test targets. `make test` is everything a change must pass.
unit: $(UNIT_TESTS) ## Build and run the unit tests
	python3 tests/run.py --unit $(UNIT_TESTS)
.PHONY: unit
