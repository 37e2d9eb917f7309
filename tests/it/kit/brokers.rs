//! A real Apache Kafka from `scripts/kafka`, stopped when dropped.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

/// One or more brokers of the test's own.
pub struct Brokers {
    name: String,
    /// Where clients connect: behind the proxy, or TLS, where the test set one up.
    pub clients: String,
    /// The brokers' plain listener, which no proxy breaks.
    pub internal: String,
}

fn script() -> Command {
    Command::new(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("scripts/kafka"))
}

impl Brokers {
    /// Starts brokers under a name that no other test uses, with more arguments for `scripts/kafka start`.
    pub fn start(name: &str, arguments: &[String]) -> Brokers {
        let name = format!("{name}-{}", std::process::id());
        // A broker at hand is not one that a test may break.
        let output = script()
            .env_remove("KAFKA_BOOTSTRAP")
            .args(["start", "--name", &name])
            .args(arguments)
            .output()
            .expect("scripts/kafka starts");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let mut brokers = Brokers { name, clients: String::new(), internal: String::new() };
        brokers.clients = brokers.state("bootstrap");
        brokers.internal = brokers.state("internal");
        brokers
    }

    /// A file of the instance's state.
    fn state(&self, file: &str) -> String {
        let text = fs::read_to_string(self.folder().join(file)).expect("scripts/kafka wrote the file");
        text.trim().to_owned()
    }

    /// Where the instance keeps its files.
    pub fn folder(&self) -> PathBuf {
        let home = std::env::var_os("KAFKA_TEST_HOME").map(PathBuf::from);
        home.unwrap_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("target/kafka"))
            .join(&self.name)
    }

    /// Sends a broker, counted from 1, a signal and waits until it is gone.
    pub fn signal(&self, broker: usize, signal: &str) {
        self.control(&["signal", "--broker", &broker.to_string(), "--signal", signal]);
    }

    /// Starts a broker again on its port and its data.
    pub fn revive(&self, broker: usize) {
        self.control(&["revive", "--broker", &broker.to_string()]);
    }

    fn control(&self, arguments: &[&str]) {
        let output = script().args(arguments).args(["--name", &self.name]).output();
        let output = output.expect("scripts/kafka starts");
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    }
}

impl Drop for Brokers {
    fn drop(&mut self) {
        let stopped = script().args(["stop", "--name", &self.name]).status();
        if !stopped.is_ok_and(|status| status.success()) {
            eprintln!("brokers {} could not be stopped; try scripts/kafka stop --all", self.name);
        }
    }
}

/// The broker that every test of the tier shares.
pub fn shared() -> String {
    std::env::var("KAFKA_BOOTSTRAP").expect(
        "a test on a real Kafka needs KAFKA_BOOTSTRAP: run ./test kafka, or export what `scripts/kafka start` prints",
    )
}
