//! The `newswire` binary as a child process that dies with its guard.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::pages::MAX_PAGE_BYTES;

/// A settings file in a folder of its own, and what the service is told besides.
pub struct Installation {
    folder: TempDir,
    file: PathBuf,
}

/// Settings beside those of the connection, the group and the topics.
#[derive(Debug, Clone, Copy, Default)]
pub struct More<'t> {
    /// Lines outside of any table.
    pub root: &'t str,
    /// Lines of the `[kafka]` table.
    pub kafka: &'t str,
    /// Whole tables.
    pub tables: &'t str,
}

impl Installation {
    pub fn new(bootstrap: &str, topics: &Topics, more: More<'_>) -> Installation {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let file = folder.path().join("newswire.toml");
        let Topics { group, input, output, dead_letter } = topics;
        let More { root, kafka, tables } = more;
        let text = format!(
            "{root}\n[kafka]\n\"bootstrap.servers\" = \"{bootstrap}\"\n\"group.id\" = \"{group}\"\n{kafka}\n\
             [topics]\ninput = \"{input}\"\noutput = \"{output}\"\ndead_letter = \"{dead_letter}\"\n\
             [input]\nmax_page_bytes = {MAX_PAGE_BYTES}\n{tables}\n"
        );
        fs::write(&file, text).expect("the settings are written");
        Installation { folder, file }
    }

    /// A file beside the settings, such as a certificate.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A command with these settings and no other setting of the environment.
    pub fn command(&self, name: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_newswire"));
        for (variable, _) in std::env::vars_os() {
            if variable.to_string_lossy().starts_with("NEWSWIRE_") {
                command.env_remove(variable);
            }
        }
        command.arg(name).arg("--config").arg(&self.file).stdin(Stdio::null());
        command
    }

    /// Runs a command to its end.
    pub fn run_to_end(&self, name: &str, arguments: &[&str]) -> Output {
        self.command(name).args(arguments).output().expect("newswire starts")
    }

    /// Starts the service with these variables in its environment. Its log goes to a file.
    pub fn start(&self, variables: &[(&str, &str)]) -> Service {
        let port = free_port();
        let log_file = self.path(&format!("run-{port}.log"));
        let log = File::create(&log_file).expect("the log is made");
        let child = self
            .command("run")
            .args(["--set", &format!("http.listen=127.0.0.1:{port}")])
            .envs(variables.iter().copied())
            .stdout(log.try_clone().expect("the log is shared"))
            .stderr(log)
            .spawn()
            .expect("newswire starts");
        Service { child, port, log_file, peak_memory_kib: 0 }
    }

    /// Starts the service and waits until it says that it is ready.
    pub fn start_ready(&self, variables: &[(&str, &str)]) -> Service {
        let mut service = self.start(variables);
        service.wait_ready(Duration::from_secs(60));
        service
    }
}

/// The names of a test's consumer group and topics.
#[derive(Debug, Clone)]
pub struct Topics {
    pub group: String,
    pub input: String,
    pub output: String,
    pub dead_letter: String,
}

impl Topics {
    /// Names that no other test uses, nor an earlier run on the same broker.
    pub fn named(test: &str) -> Topics {
        let group = format!("{test}-{}", std::process::id());
        let name = |part: &str| format!("{group}.{part}");
        Topics { input: name("pages"), output: name("labelled"), dead_letter: name("dead-letters"), group }
    }
}

/// A port that was free a moment ago.
pub fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("a bound socket has an address").port()
}

/// A running `newswire run`; killed when dropped.
pub struct Service {
    child: Child,
    port: u16,
    log_file: PathBuf,
    /// The most memory that it was seen to have held, in KiB.
    pub peak_memory_kib: u64,
}

impl Service {
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// The service's answer to a GET: the status and the body.
    pub fn get(&self, path: &str) -> Option<(u16, String)> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).ok()?;
        stream.set_read_timeout(Some(Duration::from_secs(5))).ok()?;
        write!(stream, "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok()?;
        let (head, body) = answer.split_once("\r\n\r\n")?;
        Some((head.split(' ').nth(1)?.parse().ok()?, body.to_owned()))
    }

    /// The value of a metric that has no labels.
    pub fn metric(&self, name: &str) -> Option<f64> {
        let (_, metrics) = self.get("/metrics")?;
        metrics.lines().find_map(|line| line.strip_prefix(name)?.trim().parse().ok())
    }

    pub fn is_ready(&self) -> bool {
        self.get("/health/ready").is_some_and(|(status, _)| status == 200)
    }

    #[track_caller]
    pub fn wait_ready(&mut self, within: Duration) {
        let started = Instant::now();
        while !self.is_ready() {
            if let Some(status) = self.ended() {
                panic!("newswire ended with {status} before it was ready:\n{}", self.log());
            }
            assert!(started.elapsed() < within, "not ready within {within:?}:\n{}", self.log());
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Sends a signal by its name, such as `STOP`.
    pub fn signal(&mut self, name: &str) {
        self.note_memory();
        let status = Command::new("kill").args(["-s", name, &self.id().to_string()]).status();
        assert!(status.expect("kill starts").success(), "signal {name} is sent");
    }

    /// Whether it stands still (SIGSTOP), by the kernel's word.
    pub fn is_stopped(&self) -> bool {
        let status = fs::read_to_string(format!("/proc/{}/status", self.id())).unwrap_or_default();
        status.lines().any(|line| line.starts_with("State:\tT"))
    }

    /// How it ended, if it has.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().expect("a child can be asked")
    }

    #[track_caller]
    pub fn wait_ended(&mut self, within: Duration) -> ExitStatus {
        let mut status = None;
        let log = self.log_file.clone();
        let child = &mut self.child;
        let started = Instant::now();
        while status.is_none() {
            assert!(started.elapsed() < within, "no end within {within:?}:\n{}", read(&log));
            std::thread::sleep(Duration::from_millis(20));
            status = child.try_wait().expect("a child can be asked");
        }
        status.expect("the loop ended with one")
    }

    /// Stops it as an operator does, and checks that it ends well.
    #[track_caller]
    pub fn stop(mut self) -> u64 {
        self.signal("TERM");
        let status = self.wait_ended(Duration::from_secs(40));
        assert!(status.success(), "{status} after SIGTERM:\n{}", self.log());
        self.peak_memory_kib
    }

    pub fn log(&self) -> String {
        read(&self.log_file)
    }

    /// Keeps the most memory that the kernel says it has held.
    pub fn note_memory(&mut self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.id())).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let peak = line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0);
        self.peak_memory_kib = self.peak_memory_kib.max(peak);
        self.peak_memory_kib
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // It may have ended by itself, which is as good.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_default()
}
