//! The scene of a fault run: brokers behind a proxy, a feeder that never stops, one to three instances, and a watch
//! on the group's committed offsets.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::kinds::Fault;
use super::report::{Noted, Outcome};
use crate::kit::brokers::Brokers;
use crate::kit::judge::{Fed, judge};
use crate::kit::kafka::{Feeder, Reader, create_topics, delete_topic};
use crate::kit::logs::{self, Aborted};
use crate::kit::process::{Installation, More, Service, Topics};
use crate::kit::proxy::{Proxy, Weather};
use crate::kit::{Dice, wait_until};

pub const PARTITIONS: i32 = 6;

/// Time-outs of most instances: the session's is the shorter.
const CALM_SESSION: Duration = Duration::from_secs(6);
const CALM_TRANSACTION: Duration = Duration::from_secs(10);
/// Time-outs of an instance that outlives its transaction: the session's is the longer.
const PATIENT_SESSION: Duration = Duration::from_secs(30);
const PATIENT_TRANSACTION: Duration = Duration::from_secs(3);
/// How often the broker looks for transactions past their time-out (`scripts/kafka`), and a second.
const BROKER_LOOKS: Duration = Duration::from_secs(3);

/// Within this time everything goes on after a fault, or the run has failed.
const RECOVERY: Duration = Duration::from_secs(240);

/// Settings with these time-outs.
pub fn installation(
    bootstrap: &str,
    topics: &Topics,
    session: Duration,
    transaction: Duration,
) -> Installation {
    let tables = format!(
        "[kafka.consumer]\n\"session.timeout.ms\" = {}\n\"heartbeat.interval.ms\" = 1000\n\
         [kafka.producer]\n\"transaction.timeout.ms\" = {}\n",
        session.as_millis(),
        transaction.as_millis()
    );
    Installation::new(bootstrap, topics, More { tables: &tables, ..More::default() })
}

/// An installation whose transactions outlive its sessions.
pub fn calm(bootstrap: &str, topics: &Topics) -> Installation {
    installation(bootstrap, topics, CALM_SESSION, CALM_TRANSACTION)
}

/// An installation whose sessions outlive its transactions.
pub fn patient(bootstrap: &str, topics: &Topics) -> Installation {
    installation(bootstrap, topics, PATIENT_SESSION, PATIENT_TRANSACTION)
}

/// An installation whose transactions outlive any test: only fencing ends what a zombie has in hand.
pub fn undying(bootstrap: &str, topics: &Topics) -> Installation {
    installation(bootstrap, topics, CALM_SESSION, Duration::from_secs(300))
}

/// How long an instance stands still so that the group gives its partitions away.
pub const PAST_CALM_SESSION: Duration = Duration::from_secs(CALM_SESSION.as_secs() + 3);
/// How long an instance stands still so that the broker aborts its transaction and the group does not notice.
pub const PAST_PATIENT_TRANSACTION: Duration =
    Duration::from_secs(PATIENT_TRANSACTION.as_secs() + BROKER_LOOKS.as_secs() + 2);

/// Feeds page after page at an even pace until it is told to stop.
struct Feed {
    is_stopped: Arc<AtomicBool>,
    fed: Arc<AtomicU64>,
    thread: Option<JoinHandle<()>>,
}

impl Feed {
    fn start(bootstrap: &str, topics: &Topics, seed: u64, pages_per_second: u64) -> Feed {
        let (is_stopped, fed) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
        let feeder = Feeder::new(bootstrap, &topics.input);
        let pages = Fed { seed, count: usize::MAX, partitions: PARTITIONS };
        let (stop, count) = (Arc::clone(&is_stopped), Arc::clone(&fed));
        let thread = thread::spawn(move || {
            let started = Instant::now();
            while !stop.load(Ordering::Relaxed) {
                let due = started.elapsed().as_millis() as u64 * pages_per_second / 1000;
                let number = count.load(Ordering::Relaxed);
                if number < due {
                    feeder.feed(&pages.page(number as usize));
                    count.store(number + 1, Ordering::Relaxed);
                } else {
                    thread::sleep(Duration::from_millis(5));
                }
            }
            feeder.flush();
        });
        Feed { is_stopped, fed, thread: Some(thread) }
    }

    /// Stops and returns how many pages were fed.
    fn stop(&mut self) -> u64 {
        self.is_stopped.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            thread.join().expect("the feeder fed every page");
        }
        self.fed.load(Ordering::Relaxed)
    }
}

impl Drop for Feed {
    fn drop(&mut self) {
        self.is_stopped.store(true, Ordering::Relaxed);
    }
}

pub struct Stage {
    seed: u64,
    started: Instant,
    // In this order they are dropped: the instances before the brokers that they talk to.
    instances: Vec<Service>,
    feed: Feed,
    reader: Reader,
    calm: Installation,
    patient: Installation,
    proxies: Vec<Proxy>,
    brokers: Brokers,
    broker_count: usize,
    topics: Topics,
    noted: Vec<Noted>,
    peak_memory_kib: u64,
}

impl Stage {
    /// Brokers, topics, a feeder and one instance; the first fault is thrown at once: the dead-letter topic is
    /// missing until the service has met pages that need it.
    pub fn set_up(seed: u64, broker_count: usize, pages_per_second: u64) -> Stage {
        let proxies: Vec<_> = (0..broker_count).map(|_| Proxy::start()).collect();
        let ports: Vec<_> = proxies.iter().map(|proxy| proxy.port.to_string()).collect();
        let brokers = Brokers::start(
            "faults",
            &["--brokers".into(), broker_count.to_string(), "--advertise".into(), ports.join(",")],
        );
        for (proxy, upstream) in proxies.iter().zip(brokers.clients.split(',')) {
            proxy.lead_to(upstream);
        }
        let through_proxies: Vec<_> = ports.iter().map(|port| format!("127.0.0.1:{port}")).collect();
        let through_proxies = through_proxies.join(",");
        let topics = Topics::named("faults");
        create_topics(
            &brokers.internal,
            &[(&topics.input, PARTITIONS), (&topics.output, PARTITIONS), (&topics.dead_letter, 2)],
        );
        let calm = calm(&through_proxies, &topics);
        let patient = patient(&through_proxies, &topics);
        let instances = vec![calm.start_ready(&[])];
        delete_topic(&brokers.internal, &topics.dead_letter);
        let mut stage = Stage {
            seed,
            started: Instant::now(),
            instances,
            feed: Feed::start(&brokers.internal, &topics, seed, pages_per_second),
            reader: Reader::of_group(&brokers.internal, &topics.group),
            calm,
            patient,
            proxies,
            brokers,
            broker_count,
            topics,
            noted: Vec::new(),
            peak_memory_kib: 0,
        };
        stage.let_dead_letters_come_back();
        stage
    }

    pub fn fed(&self) -> u64 {
        self.feed.fed.load(Ordering::Relaxed)
    }

    /// Pages have been fed that need the missing topic: the service stops, or waits and says so, but does not pass
    /// them. Then the topic is there again.
    fn let_dead_letters_come_back(&mut self) {
        wait_until("five hundred pages are fed, and five of them bad", Duration::from_secs(60), || {
            self.fed() > 500
        });
        let noticed = "the service noticed that the dead-letter topic is missing";
        let name = self.topics.dead_letter.clone();
        let instance = &mut self.instances[0];
        wait_until(noticed, RECOVERY, || {
            (instance.ended().is_some() || !instance.is_ready()) && instance.log().contains(&name)
        });
        let broken_at = Instant::now();
        create_topics(&self.brokers.internal, &[(&name, 2)]);
        if self.instances[0].ended().is_some() {
            self.instances = vec![self.calm.start_ready(&[])];
        }
        self.note("the dead-letter topic missing", broken_at);
    }

    /// Throws a fault and waits until everything goes on.
    pub fn throw(&mut self, fault: Fault, dice: &mut Dice) {
        println!("{:>6.1} s, {} pages fed: {fault}", self.started.elapsed().as_secs_f64(), self.fed());
        let broken_at = match fault {
            Fault::KillAfterProduce => self.kill_at("after-produce", dice),
            Fault::KillAfterSendOffsets => self.kill_at("after-send-offsets", dice),
            Fault::KillDuringCommit => self.kill_at("during-commit", dice),
            Fault::StopPastSession => self.stop_past_session(dice),
            Fault::StopPastTransaction => self.stop_past_transaction(dice),
            Fault::ScaleUp => {
                self.scale(1);
                let broken_at = Instant::now();
                self.scale(3);
                broken_at
            }
            Fault::ScaleDown => {
                self.scale(3);
                let broken_at = Instant::now();
                self.scale(1);
                broken_at
            }
            Fault::BrokerTerminated => self.break_broker("TERM", dice),
            Fault::BrokerKilled => self.break_broker("KILL", dice),
            Fault::ConnectionsCut => self.weather(Weather::Cut),
            Fault::ConnectionsDelayed => self.weather(Weather::Delayed(Duration::from_millis(150))),
            Fault::ConnectionsHalfClosed => self.weather(Weather::HalfClosed),
        };
        self.note(&fault.to_string(), broken_at);
    }

    /// Waits until every partition's committed offset has moved since `broken_at`, or stands at the end; notes how
    /// long that took.
    fn note(&mut self, fault: &str, broken_at: Instant) {
        let committed = |stage: &Stage| stage.reader.committed(&stage.topics.input, PARTITIONS);
        let mut before = None;
        wait_until("the broker tells the group's offsets", RECOVERY, || {
            before = committed(self);
            before.is_some()
        });
        let before: BTreeMap<i32, i64> = before.unwrap_or_default();
        let started = Instant::now();
        loop {
            let is_alive = self.instances.iter_mut().all(|instance| instance.ended().is_none());
            assert!(is_alive, "an instance ended after: {fault}\n{}", self.logs());
            let now = committed(self).unwrap_or_default();
            let has_moved =
                |partition: &i32| now.get(partition).unwrap_or(&0) > before.get(partition).unwrap_or(&0);
            if (0..PARTITIONS).all(|partition| has_moved(&partition)) {
                break;
            }
            if started.elapsed() > RECOVERY {
                let ends = self.reader.ends(&self.topics.input);
                let logs = self.logs();
                panic!("a partition stands still after: {fault}; {now:?} of {ends:?} committed\n{logs}");
            }
            thread::sleep(Duration::from_millis(50));
        }
        self.peak();
        self.noted.push(Noted { fault: fault.to_owned(), next_commit: broken_at.elapsed() });
    }

    fn peak(&mut self) {
        for instance in &mut self.instances {
            self.peak_memory_kib = self.peak_memory_kib.max(instance.note_memory());
        }
    }

    /// The ends of the instances' logs, for the words of a failure.
    fn logs(&self) -> String {
        let tail = |log: String| {
            log.lines().rev().take(60).collect::<Vec<_>>().into_iter().rev().collect::<Vec<_>>().join("\n")
        };
        self.instances.iter().map(|instance| tail(instance.log())).collect::<Vec<_>>().join("\n--\n")
    }

    /// Starts or stops instances until there are so many.
    fn scale(&mut self, count: usize) {
        while self.instances.len() < count {
            self.instances.push(self.calm.start_ready(&[]));
        }
        while self.instances.len() > count {
            let stopped = self.instances.remove(0);
            self.peak_memory_kib = self.peak_memory_kib.max(stopped.stop());
        }
    }

    /// In place of one instance comes one that kills itself at this place, and then another.
    fn kill_at(&mut self, place: &str, dice: &mut Dice) -> Instant {
        let replaced = self.instances.remove(dice.below(self.instances.len()));
        self.peak_memory_kib = self.peak_memory_kib.max(replaced.stop());
        let mut doomed =
            self.calm.start(&[("NEWSWIRE_FAILPOINT", &format!("{place}:{}", 3 + dice.below(20)))]);
        let status = doomed.wait_ended(RECOVERY);
        let broken_at = Instant::now();
        let signal = std::os::unix::process::ExitStatusExt::signal(&status);
        assert_eq!(signal, Some(9), "the instance killed itself, {status}:\n{}", doomed.log());
        self.instances.push(self.calm.start_ready(&[]));
        broken_at
    }

    /// One of two or more instances stands still past its session and comes back as a zombie.
    fn stop_past_session(&mut self, dice: &mut Dice) -> Instant {
        if self.instances.len() < 2 {
            self.scale(2);
        }
        let mut zombie =
            self.calm.start(&[("NEWSWIRE_FAILPOINT", &format!("after-produce:{}:stop", 3 + dice.below(20)))]);
        wait_until("the instance stands still with a transaction open", RECOVERY, || zombie.is_stopped());
        let broken_at = Instant::now();
        thread::sleep(PAST_CALM_SESSION);
        // The others go on with its partitions while it sleeps; then it wakes with a batch in hand.
        self.note(&Fault::StopPastSession.to_string(), broken_at);
        self.noted.pop();
        zombie.signal("CONT");
        zombie.wait_ready(RECOVERY);
        self.instances.push(zombie);
        let replaced = self.instances.remove(0);
        self.peak_memory_kib = self.peak_memory_kib.max(replaced.stop());
        broken_at
    }

    /// The only instance stands still past its transaction, and the group does not notice.
    fn stop_past_transaction(&mut self, dice: &mut Dice) -> Instant {
        self.scale(1);
        let mut sleeper = self
            .patient
            .start(&[("NEWSWIRE_FAILPOINT", &format!("after-produce:{}:stop", 3 + dice.below(20)))]);
        let calm = self.instances.remove(0);
        self.peak_memory_kib = self.peak_memory_kib.max(calm.stop());
        wait_until("the instance stands still with a transaction open", RECOVERY, || sleeper.is_stopped());
        let broken_at = Instant::now();
        thread::sleep(PAST_PATIENT_TRANSACTION);
        sleeper.signal("CONT");
        self.instances.push(sleeper);
        self.note(&Fault::StopPastTransaction.to_string(), broken_at);
        self.noted.pop();
        let taken = broken_at.elapsed();
        // The next faults count on the shorter session.
        self.instances.push(self.calm.start_ready(&[]));
        let sleeper = self.instances.remove(0);
        self.peak_memory_kib = self.peak_memory_kib.max(sleeper.stop());
        Instant::now() - taken
    }

    fn break_broker(&mut self, signal: &str, dice: &mut Dice) -> Instant {
        let broker = 1 + dice.below(self.broker_count);
        let broken_at = Instant::now();
        self.brokers.signal(broker, signal);
        thread::sleep(Duration::from_secs(2));
        self.brokers.revive(broker);
        broken_at
    }

    fn weather(&mut self, weather: Weather) -> Instant {
        let broken_at = Instant::now();
        self.proxies.iter().for_each(|proxy| proxy.set(weather));
        thread::sleep(Duration::from_secs(4));
        self.proxies.iter().for_each(|proxy| proxy.set(Weather::Clear));
        broken_at
    }

    /// Lets the service come to the end, stops it and judges what it wrote.
    pub fn finish(mut self) -> Outcome {
        let pages = self.feed.stop();
        self.reader.wait_committed(&self.topics.input, 2 * RECOVERY);
        self.peak();
        for instance in std::mem::take(&mut self.instances) {
            instance.stop();
        }
        let (internal, topics) = (&self.brokers.internal, &self.topics);
        // What a killed instance left open hides the end until its transaction times out.
        let uncommitted = Reader::new(internal, "read_uncommitted");
        let ends = uncommitted.ends(&topics.output);
        let committed = Reader::new(internal, "read_committed");
        wait_until("no open transaction hides the output", 2 * CALM_TRANSACTION + RECOVERY, || {
            committed.ends(&topics.output) == ends
        });
        let fed = Fed { seed: self.seed, count: pages as usize, partitions: PARTITIONS };
        let verdict = judge(internal, topics, fed);
        let audit = self
            .calm
            .run_to_end("audit", &["--json", "--set", &format!("kafka.\"bootstrap.servers\"={internal}")]);
        let mut all_records = 0;
        uncommitted.read(&topics.output, |_| all_records += 1);
        let data = self.brokers.folder().join("data-1");
        let aborted: Vec<Aborted> =
            (0..PARTITIONS).map(|partition| logs::aborted(&data, &topics.output, partition)).collect();
        let mut aborted_but_visible = 0;
        committed.read(&topics.output, |record| {
            aborted_but_visible += usize::from(aborted[record.partition as usize].contains(record.offset));
        });
        Outcome {
            seed: self.seed,
            brokers: self.broker_count,
            took: self.started.elapsed(),
            pages,
            uncommitted_duplicates: all_records - verdict.records,
            aborted_transactions: aborted.iter().map(|aborted| aborted.transactions).sum(),
            aborted_records: aborted.iter().map(|aborted| aborted.records).sum(),
            aborted_but_visible,
            verdict,
            audit_holds: audit.status.success(),
            audit: String::from_utf8_lossy(&audit.stdout).into_owned()
                + &String::from_utf8_lossy(&audit.stderr),
            noted: self.noted,
            peak_memory_kib: self.peak_memory_kib,
        }
    }
}
