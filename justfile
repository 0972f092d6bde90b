# Short names for the commands of this repository; `.ci/run` is what has to pass.

# Lists the recipes.
default:
    @just --list

# Everything that has to pass before a change is merged.
ci:
    .ci/run

# All tests.
test:
    .ci/run tests

# Formatting and lints.
lint:
    .ci/run lints

# The documentation builds without a warning.
doc-check:
    .ci/run docs

# The contract is what its sources make of it.
contract:
    .ci/run contract

# The crates can be published.
package:
    .ci/run packages

# Makes the contract again from what is kept of the releases, and compiles its documentation.
vendor:
    cargo xtask vendor
    cargo xtask docs

# What a server or document has that the contract lacks, and the reverse.
drift upstream:
    cargo xtask drift --upstream {{upstream}}

# Opens the documentation.
doc:
    cargo doc --workspace --no-deps --open

# Instructions and allocations a call, next to reqwest by hand; and of verifying, next to jsonwebtoken.
bench:
    cargo bench --bench instructions
    cargo bench --bench verification --features verify,webhooks
    cargo bench --bench calls

# Tries a server: LOGTO_ENDPOINT, LOGTO_APP_ID, LOGTO_APP_SECRET and LOGTO_RESOURCE are needed.
live:
    cargo test --test live --features verify,webhooks -- --ignored live:: --nocapture
