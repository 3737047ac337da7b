# Everyday commands; `just --list` shows them.

# formatting, lints and every test: what decides whether main is good
check:
    .ci/run

# unit tests only
unit:
    cargo test --lib

# the sample data in a fresh folder, and a server on it
demo:
    cargo run --release -- demo

# the page's types, lints, format and unit tests
page:
    npm --prefix web run check
    npm --prefix web test
