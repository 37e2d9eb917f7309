//! TLS and SASL against a real broker with a certificate authority of the test's own, made by `openssl`.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use crate::kit::brokers::Brokers;
use crate::kit::kafka::{Feeder, Reader, create_topics};
use crate::kit::pages;
use crate::kit::process::{Installation, More, Topics};

const PASSWORD: &str = "correct-horse-battery";
const WRONG_PASSWORD: &str = "wrong-horse-battery";

fn openssl(folder: &Path, arguments: &str) {
    let output = Command::new("openssl")
        .current_dir(folder)
        .args(arguments.split_whitespace())
        .output()
        .expect("openssl is installed");
    assert!(output.status.success(), "openssl {arguments}: {}", String::from_utf8_lossy(&output.stderr));
}

/// Makes an authority, a server's certificate for 127.0.0.1 by it, and another authority that signed nothing.
fn make_certificates(folder: &Path) {
    let authority = "req -x509 -newkey rsa:2048 -nodes -days 2 -sha256";
    openssl(folder, &format!("{authority} -subj /CN=newswire-test-ca -keyout ca.key -out ca.pem"));
    openssl(folder, &format!("{authority} -subj /CN=another-ca -keyout other.key -out other.pem"));
    openssl(folder, "req -newkey rsa:2048 -nodes -subj /CN=127.0.0.1 -keyout server.key -out server.csr");
    std::fs::write(folder.join("san"), "subjectAltName=IP:127.0.0.1\n").expect("the extension is written");
    openssl(
        folder,
        "x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -sha256 -extfile san -out server.crt",
    );
    let read = |name: &str| std::fs::read_to_string(folder.join(name)).expect("openssl wrote it");
    // Kafka takes a key store of one PEM file: the key, then its certificate.
    std::fs::write(folder.join("server.pem"), read("server.key") + &read("server.crt")).expect("written");
}

fn start_broker(folder: &Path) -> Brokers {
    let plain = "org.apache.kafka.common.security.plain.PlainLoginModule required";
    let scram = "org.apache.kafka.common.security.scram.ScramLoginModule required;";
    let keystore = folder.join("server.pem");
    let properties = [
        "listener.security.protocol.map=CLIENT:SASL_SSL,INTERNAL:PLAINTEXT,CONTROLLER:PLAINTEXT".to_owned(),
        "listener.name.client.sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256,SCRAM-SHA-512".to_owned(),
        format!("listener.name.client.plain.sasl.jaas.config={plain} user_alice=\"{PASSWORD}\";"),
        format!("listener.name.client.scram-sha-256.sasl.jaas.config={scram}"),
        format!("listener.name.client.scram-sha-512.sasl.jaas.config={scram}"),
        "listener.name.client.ssl.keystore.type=PEM".to_owned(),
        format!("listener.name.client.ssl.keystore.location={}", keystore.display()),
    ];
    let mut arguments: Vec<String> = vec!["--scram".into(), format!("alice:{PASSWORD}")];
    for property in properties {
        arguments.extend(["--property".into(), property]);
    }
    Brokers::start("security", &arguments)
}

struct Case<'c> {
    mechanism: &'c str,
    /// The TOML value of the setting `sasl.password`.
    password: String,
    authority: &'c str,
    protocol: &'c str,
}

impl Case<'_> {
    /// A group of its own, so that every case reads the pages anew.
    fn group(&self, topics: &Topics) -> String {
        format!("{}-{}", topics.group, self.mechanism)
    }

    fn install(&self, brokers: &Brokers, folder: &Path, topics: &Topics) -> Installation {
        let authority = folder.join(self.authority);
        let kafka = format!(
            "\"security.protocol\" = \"{}\"\n\"sasl.mechanism\" = \"{}\"\n\"sasl.username\" = \"alice\"\n\
             \"sasl.password\" = {}\n\"ssl.ca.location\" = \"{}\"\n",
            self.protocol,
            self.mechanism,
            self.password,
            authority.display()
        );
        let tables = "[log]\nlevel = \"debug\"\n";
        let more = More { root: "", kafka: &kafka, tables };
        let topics = Topics { group: self.group(topics), ..topics.clone() };
        Installation::new(&brokers.clients, &topics, more)
    }
}

#[track_caller]
fn assert_keeps_secrets(said: &str) {
    for secret in [PASSWORD, WRONG_PASSWORD] {
        assert!(!said.contains(secret), "a password is printed: {said}");
    }
}

fn said(output: &std::process::Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

#[test]
#[ignore = "needs a real Kafka: ./test kafka"]
fn right_credentials_pass_and_wrong_ones_are_named() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let folder = folder.path();
    make_certificates(folder);
    std::fs::write(folder.join("password"), format!("{PASSWORD}\n")).expect("the secret is written");
    let brokers = start_broker(folder);
    let topics = Topics::named("security");
    create_topics(&brokers.internal, &[(&topics.input, 1), (&topics.output, 1), (&topics.dead_letter, 1)]);
    let feeder = Feeder::new(&brokers.internal, &topics.input);
    (0..50).for_each(|number| feeder.feed(&pages::page(5, number, 1)));
    feeder.flush();

    let right = format!("\"{PASSWORD}\"");
    let wrong = format!("\"{WRONG_PASSWORD}\"");
    let from_file = format!("{{ file = \"{}\" }}", folder.join("password").display());
    let case = |mechanism, password: &str, authority, protocol| Case {
        mechanism,
        password: password.to_owned(),
        authority,
        protocol,
    };

    for (mechanism, password) in [("PLAIN", &right), ("SCRAM-SHA-256", &from_file), ("SCRAM-SHA-512", &right)]
    {
        let case = case(mechanism, password, "ca.pem", "SASL_SSL");
        let installation = case.install(&brokers, folder, &topics);
        let check = installation.run_to_end("check", &["--set", "http.listen="]);
        assert!(check.status.success(), "{mechanism}: {}", said(&check));
        assert_keeps_secrets(&said(&check));
        let service = installation.start_ready(&[]);
        Reader::of_group(&brokers.internal, &case.group(&topics))
            .wait_committed(&topics.input, Duration::from_secs(30));
        assert_keeps_secrets(&service.log());
        service.stop();
    }

    for (case, cause) in [
        (case("PLAIN", &wrong, "ca.pem", "SASL_SSL"), "login"),
        (case("SCRAM-SHA-256", &wrong, "ca.pem", "SASL_SSL"), "login"),
        (case("SCRAM-SHA-512", &wrong, "ca.pem", "SASL_SSL"), "login"),
        (case("GSSAPI", &right, "ca.pem", "SASL_SSL"), "gssapi"),
        (case("PLAIN", &right, "other.pem", "SASL_SSL"), "certificate"),
    ] {
        check_refused(&case.install(&brokers, folder, &topics), cause);
    }
    // A broker that hangs up may be one that restarts: `run` would wait, `check` names what it looks like.
    let plain_text = case("PLAIN", &right, "ca.pem", "SASL_PLAINTEXT").install(&brokers, folder, &topics);
    check_names(&plain_text, "security.protocol");
}

/// `check` and `run` both end with a sentence that names the cause, and neither prints a password.
#[track_caller]
fn check_refused(installation: &Installation, cause: &str) {
    check_names(installation, cause);
    let mut service = installation.start(&[]);
    let status = service.wait_ended(Duration::from_secs(60));
    let log = service.log();
    assert!(!status.success(), "{cause}: {log}");
    assert!(log.to_lowercase().contains(cause), "{cause:?} is not named: {log}");
    assert_keeps_secrets(&log);
}

/// `check` fails and names the cause.
#[track_caller]
fn check_names(installation: &Installation, cause: &str) {
    let check = installation.run_to_end("check", &["--set", "http.listen="]);
    let text = said(&check);
    assert!(!check.status.success(), "{cause}: {text}");
    assert!(text.to_lowercase().contains(cause), "{cause:?} is not named: {text}");
    assert_keeps_secrets(&text);
}
