//! The core, step by step. `cargo bench --bench core [step]`

#[path = "core/language.rs"]
mod language;
#[path = "core/segment.rs"]
mod segment;
#[path = "core/topic.rs"]
mod topic;

fn main() {
    divan::main();
}
