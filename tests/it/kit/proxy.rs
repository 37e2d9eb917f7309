//! A TCP proxy that breaks connections: cuts them, delays them, or lets one direction die.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread;
use std::time::Duration;

/// What the proxy does to what passes through it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weather {
    Clear,
    /// Every piece is held back for so long.
    Delayed(Duration),
    /// Nothing passes, and nobody can connect.
    Cut,
    /// What clients send arrives; what brokers answer is lost, and then that direction is closed.
    HalfClosed,
}

/// A proxy before one broker; stopped when dropped.
pub struct Proxy {
    /// Where clients connect.
    pub port: u16,
    state: Arc<State>,
}

struct State {
    upstream: Mutex<Option<String>>,
    weather: Mutex<Weather>,
    /// Both ends of every connection.
    connections: Mutex<Vec<TcpStream>>,
    is_stopped: AtomicBool,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().expect("no thread of the proxy panics")
}

impl Proxy {
    /// Takes a free port. Connections are refused until [`Proxy::lead_to`] says where they go.
    pub fn start() -> Proxy {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener.local_addr().expect("a bound socket has an address").port();
        let state = Arc::new(State {
            upstream: Mutex::new(None),
            weather: Mutex::new(Weather::Clear),
            connections: Mutex::new(Vec::new()),
            is_stopped: AtomicBool::new(false),
        });
        let accepting = Arc::clone(&state);
        thread::spawn(move || {
            for client in listener.incoming() {
                if accepting.is_stopped.load(Ordering::Relaxed) {
                    return;
                }
                if let Ok(client) = client {
                    // A connection that cannot be made is one that the client finds closed.
                    accepting.connect(client).ok();
                }
            }
        });
        Proxy { port, state }
    }

    pub fn lead_to(&self, upstream: &str) {
        *lock(&self.state.upstream) = Some(upstream.to_owned());
    }

    pub fn set(&self, weather: Weather) {
        let before = std::mem::replace(&mut *lock(&self.state.weather), weather);
        // A connection that has lost answers, or that is to be cut, does not come back to life.
        if weather == Weather::Cut || before == Weather::HalfClosed {
            self.close_all();
        }
    }

    fn close_all(&self) {
        for stream in lock(&self.state.connections).drain(..) {
            // It may be closed already.
            stream.shutdown(Shutdown::Both).ok();
        }
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.state.is_stopped.store(true, Ordering::Relaxed);
        self.close_all();
        // Wakes the thread that waits for the next connection.
        TcpStream::connect(("127.0.0.1", self.port)).ok();
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Direction {
    ToBroker,
    ToClient,
}

impl State {
    fn connect(self: &Arc<State>, client: TcpStream) -> std::io::Result<()> {
        let Some(upstream) = lock(&self.upstream).clone().filter(|_| *lock(&self.weather) != Weather::Cut)
        else {
            return client.shutdown(Shutdown::Both);
        };
        let broker = TcpStream::connect(upstream)?;
        client.set_nodelay(true)?;
        broker.set_nodelay(true)?;
        lock(&self.connections).extend([client.try_clone()?, broker.try_clone()?]);
        for (from, to, direction) in [
            (client.try_clone()?, broker.try_clone()?, Direction::ToBroker),
            (broker, client, Direction::ToClient),
        ] {
            let state = Arc::clone(self);
            thread::spawn(move || {
                // Either end may go at any time; then both do.
                state.pump(&from, &to, direction).ok();
                from.shutdown(Shutdown::Both).ok();
                to.shutdown(Shutdown::Both).ok();
            });
        }
        Ok(())
    }

    fn pump(&self, mut from: &TcpStream, mut to: &TcpStream, direction: Direction) -> std::io::Result<()> {
        let mut piece = vec![0; 64 * 1024];
        loop {
            let length = from.read(&mut piece)?;
            if length == 0 {
                return Ok(());
            }
            let weather = *lock(&self.weather);
            match weather {
                Weather::HalfClosed if direction == Direction::ToClient => continue,
                Weather::Delayed(time) => thread::sleep(time),
                Weather::Clear | Weather::Cut | Weather::HalfClosed => {}
            }
            to.write_all(&piece[..length])?;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    /// A broker that answers every byte with itself, behind a proxy.
    fn echo() -> Proxy {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let proxy = Proxy::start();
        proxy.lead_to(&listener.local_addr().expect("an address").to_string());
        thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.expect("a connection");
                thread::spawn(move || {
                    let mut byte = [0];
                    while stream.read_exact(&mut byte).is_ok() && stream.write_all(&byte).is_ok() {}
                });
            }
        });
        proxy
    }

    fn connect(proxy: &Proxy) -> TcpStream {
        let stream = TcpStream::connect(("127.0.0.1", proxy.port)).expect("the proxy accepts");
        stream.set_read_timeout(Some(Duration::from_millis(300))).expect("a time-out");
        stream
    }

    fn answers(stream: &mut TcpStream) -> bool {
        let mut byte = [0];
        stream.write_all(b"x").is_ok() && stream.read_exact(&mut byte).is_ok()
    }

    #[test]
    fn each_weather_does_what_it_says() {
        let proxy = echo();
        let mut stream = connect(&proxy);
        assert!(answers(&mut stream));

        proxy.set(Weather::Delayed(Duration::from_millis(60)));
        let started = Instant::now();
        assert!(answers(&mut stream));
        assert!(started.elapsed() >= Duration::from_millis(120), "both directions are delayed");

        proxy.set(Weather::HalfClosed);
        assert!(!answers(&mut stream), "the answer is lost");
        proxy.set(Weather::Clear);
        assert!(!answers(&mut stream), "a connection that lost an answer stays closed");

        let mut stream = connect(&proxy);
        assert!(answers(&mut stream));
        proxy.set(Weather::Cut);
        assert!(!answers(&mut stream));
        assert!(!answers(&mut connect(&proxy)), "nobody can connect");
        proxy.set(Weather::Clear);
        assert!(answers(&mut connect(&proxy)));
    }
}
