//! The core, step by step. `cargo bench --bench core [step]`

#[path = "core/segment.rs"]
mod segment;

fn main() {
    divan::main();
}
