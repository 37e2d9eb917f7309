use super::*;

fn from_environment(pairs: &[(&str, &str)]) -> Result<Settings, SettingsError> {
    let pairs = pairs.iter().map(|&(name, value)| (name.to_owned(), value.to_owned()));
    Settings::load(None, pairs, &[])
}

fn from_flags(flags: &[&str]) -> Result<Settings, SettingsError> {
    let flags: Vec<String> = flags.iter().map(|&flag| flag.to_owned()).collect();
    Settings::load(None, [], &flags)
}

/// The error's sentence must hold every one of `words`.
#[track_caller]
fn check_refused(settings: Result<Settings, SettingsError>, words: &[&str]) {
    let error = settings.expect_err("the settings are wrong").to_string();
    for word in words {
        assert!(error.contains(word), "{word:?} is not in {error:?}");
    }
}

#[test]
fn the_file_lists_every_setting_at_its_default() {
    let text = include_str!("../../newswire.toml");
    let is_setting = |line: &&str| {
        line.starts_with('[') || line.strip_prefix('#').is_some_and(|rest| !rest.starts_with(' '))
    };
    let uncommented: Vec<&str> =
        text.lines().filter(is_setting).map(|line| line.trim_start_matches('#')).collect();
    let listed: toml::Table = uncommented.join("\n").parse().expect("the file is TOML");
    let mut defaults = toml::Table::try_from(Settings::default()).expect("the defaults are TOML");
    let kafka = KafkaSettings::default();
    let section = |properties: &Properties| -> toml::Table {
        properties.iter().map(|(name, value)| (name.to_owned(), toml::Value::from(value))).collect()
    };
    let mut properties = section(&kafka.common);
    properties.insert("consumer".into(), section(&kafka.consumer).into());
    properties.insert("producer".into(), section(&kafka.producer).into());
    defaults.insert("kafka".into(), properties.into());
    assert_eq!(keys(&listed), keys(&defaults));
    assert_eq!(Settings::from_toml(&uncommented.join("\n")).expect("valid"), Settings::default());
    assert_eq!(Settings::from_toml(text).expect("valid"), Settings::default());
}

fn keys(table: &toml::Table) -> Vec<String> {
    let mut keys = Vec::new();
    for (name, value) in table {
        match value {
            toml::Value::Table(inner) => {
                keys.extend(self::keys(inner).iter().map(|key| format!("{name}/{key}")))
            }
            _ => keys.push(name.clone()),
        }
    }
    keys.sort();
    keys
}

#[test]
fn each_layer_goes_over_the_one_before() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("newswire.toml");
    let text =
        "delivery = \"at-least-once\"\n[batch]\nmax_pages = 7\nmax_wait_ms = 8\n[topics]\ninput = \"a\"\n";
    std::fs::write(&file, text).expect("written");
    let environment = [("NEWSWIRE_BATCH__MAX_WAIT_MS", "9"), ("NEWSWIRE_TOPICS__INPUT", "b"), ("PATH", "x")]
        .map(|(name, value)| (name.to_owned(), value.to_owned()));
    let settings =
        Settings::load(Some(&file), environment, &["topics.input=c".into()]).expect("valid settings");
    assert_eq!(settings.delivery, Delivery::AtLeastOnce);
    assert_eq!((settings.batch.max_pages, settings.batch.max_wait_ms), (7, 9));
    assert_eq!(settings.topics.input, "c");
    assert_eq!(settings.topics.output, "labelled");
}

#[test]
fn kafka_properties_pass_through() {
    let settings = Settings::from_toml(
        "[kafka]\n\"bootstrap.servers\" = \"k:9092\"\nsecurity.protocol = \"ssl\"\n\"socket.nagle.disable\" = true\n\
         [kafka.consumer]\n\"fetch.min.bytes\" = 10\n",
    )
    .expect("valid");
    let kafka = &settings.kafka;
    assert_eq!(kafka.consumer_property("bootstrap.servers"), Some("k:9092"));
    assert_eq!(kafka.producer_property("security.protocol"), Some("ssl"));
    assert_eq!(kafka.producer_property("socket.nagle.disable"), Some("true"));
    assert_eq!(
        (kafka.consumer.get("fetch.min.bytes"), kafka.producer.get("fetch.min.bytes")),
        (Some("10"), None)
    );
    let settings = from_environment(&[
        ("NEWSWIRE_KAFKA__BOOTSTRAP_SERVERS", "e:1"),
        ("NEWSWIRE_KAFKA__CONSUMER__SESSION_TIMEOUT_MS", "6000"),
        ("NEWSWIRE_KAFKA__PRODUCER__LINGER_MS", "1"),
    ])
    .expect("valid");
    assert_eq!(settings.kafka.consumer_property("bootstrap.servers"), Some("e:1"));
    assert_eq!(settings.kafka.consumer.get("session.timeout.ms"), Some("6000"));
    assert_eq!(settings.kafka.producer.get("linger.ms"), Some("1"));
    let settings = from_flags(&["kafka.producer.linger.ms=2", "kafka.group.id=g"]).expect("valid");
    assert_eq!(settings.kafka.producer.get("linger.ms"), Some("2"));
    assert_eq!(settings.kafka.group_id(), "g");
    let settings = from_flags(&["kafka.metadata.broker.list=m:1"]).expect("valid");
    assert_eq!(settings.kafka.consumer_property("bootstrap.servers"), Some("m:1"));
}

#[test]
fn an_unknown_setting_names_the_nearest() {
    check_refused(
        from_environment(&[("NEWSWIRE_BATCH__MAX_PAGE", "1")]),
        &["batch.max_page\"", "batch.max_pages\""],
    );
    check_refused(
        Settings::from_toml("[topics]\ndeadletter = \"x\"\n"),
        &["\"topics.dead_letter\"", "newswire.toml"],
    );
    check_refused(from_flags(&["delivry=x"]), &["delivery"]);
    check_refused(from_flags(&["xyzzy=1"]), &["\"xyzzy\"", "lists every setting"]);
    check_refused(from_flags(&["input.fields.headline=1"]), &["input.fields.headline"]);
}

#[test]
fn a_wrong_value_says_what_is_expected() {
    check_refused(
        Settings::from_toml("[batch]\nmax_pages = \"7\"\n"),
        &["batch.max_pages", "\"7\"", "whole number"],
    );
    check_refused(
        Settings::from_toml("[batch]\nmax_pages = -7\n"),
        &["batch.max_pages", "-7", "whole number"],
    );
    check_refused(from_flags(&["batch.max_pages=many"]), &["batch.max_pages", "many"]);
    check_refused(from_flags(&["batch.max_pages=0"]), &["batch.max_pages", "1 or more"]);
    check_refused(from_flags(&["topics.create=yes"]), &["topics.create", "true or false"]);
    check_refused(from_flags(&["topic.threshold=1.5"]), &["topic.threshold", "0 to 1"]);
    check_refused(from_flags(&["http.listen=8080"]), &["http.listen", "127.0.0.1:8080"]);
    check_refused(from_flags(&["delivery=twice"]), &["twice", "exactly-once"]);
    check_refused(from_flags(&["topics.input=a b"]), &["topics.input", "a b"]);
    check_refused(from_flags(&["topics.output=n.{sort}"]), &["topics.output", "{topic}"]);
    check_refused(from_flags(&["topics.output=pages"]), &["topics.input"]);
    check_refused(from_flags(&["topics.dead_letter=labelled"]), &["topics.dead_letter"]);
    check_refused(from_flags(&["topics.create"]), &["key=value"]);
    check_refused(Settings::from_toml("[batch\n"), &["not TOML", "newswire.toml"]);
    check_refused(Settings::load(Some(Path::new("/no/such")), [], &[]), &["/no/such"]);
    check_refused(from_flags(&["kafka.group.id="]), &["group.id"]);
}

#[test]
fn what_the_guarantee_rests_on_is_refused() {
    check_refused(from_flags(&["kafka.transactional.id=x"]), &["transactional.id", "group.id"]);
    check_refused(from_flags(&["kafka.consumer.enable.auto.commit=true"]), &["enable.auto.commit", "timer"]);
    check_refused(from_flags(&["kafka.enable.idempotence=false"]), &["enable.idempotence", "repeats"]);
    check_refused(from_flags(&["kafka.isolation.level=read_uncommitted"]), &["isolation.level", "aborted"]);
    check_refused(from_flags(&["kafka.auto.offset.reset=latest"]), &["auto.offset.reset", "skips"]);
    check_refused(from_flags(&["kafka.acks=1"]), &["acks", "replica"]);
    from_flags(&["kafka.isolation.level=read_uncommitted", "delivery=at-least-once"]).expect("allowed there");
    from_flags(&["kafka.enable.idempotence=true", "kafka.acks=-1"]).expect("the needed values are welcome");
}

#[test]
fn secrets_come_from_environment_or_file_and_are_never_shown() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("secret");
    std::fs::write(&file, "hunter2\n").expect("written");
    let text = format!("[kafka]\n\"sasl.password\" = {{ file = {file:?} }}\n\"sasl.username\" = \"anna\"\n");
    let settings = Settings::from_toml(&text).expect("valid");
    assert_eq!(settings.kafka.producer_property("sasl.password"), Some("hunter2"));
    let shown = format!("{settings:?}");
    assert!(!shown.contains("hunter2") && shown.contains("anna") && shown.contains("***"), "{shown}");
    let settings = from_environment(&[("NEWSWIRE_KAFKA__SASL_PASSWORD", "s3cret")]).expect("valid");
    assert_eq!(settings.kafka.common.get("sasl.password"), Some("s3cret"));
    let path = file.to_string_lossy();
    let settings = from_environment(&[("NEWSWIRE_KAFKA__SASL_PASSWORD__FILE", &path)]).expect("valid");
    assert_eq!(settings.kafka.common.get("sasl.password"), Some("hunter2"));
    check_refused(
        Settings::from_toml("[kafka]\nsasl.password.file = \"/no/such\"\n"),
        &["sasl.password", "/no/such"],
    );
    check_refused(
        Settings::from_toml("[kafka]\n\"sasl.password\" = [\"hunter2\"]\n"),
        &["sasl.password", "***"],
    );
}
