//! `newswire health`: what a running newswire says of itself, for the image's health check; no curl needed.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, bail};
use clap::Args;

use super::settings::SettingsArguments;

/// How long connecting, and each read and write, may take.
const TIMEOUT: Duration = Duration::from_secs(2);

/// An answer longer than this is not newswire's.
const MOST_ANSWER_BYTES: u64 = 64 * 1024;

/// Ask a running newswire whether it is ready; exit status 1 if it is not.
#[derive(Debug, Args)]
pub struct HealthArguments {
    /// Where it listens, if elsewhere than at `http.listen`.
    #[arg(value_name = "HOST:PORT")]
    address: Option<String>,
    /// Ask whether it lives, not whether it is ready for work.
    #[arg(long)]
    live: bool,
    #[command(flatten)]
    settings: SettingsArguments,
}

/// Prints the answer; success where its status is 200.
pub fn run(arguments: HealthArguments) -> anyhow::Result<ExitCode> {
    let path = if arguments.live { "/health/live" } else { "/health/ready" };
    let address = match arguments.address {
        Some(address) => address,
        None => reachable(&arguments.settings.load()?.http.listen)?,
    };
    let (status, body) =
        get(&address, path).with_context(|| format!("no answer from newswire at http://{address}{path}"))?;
    anstream::println!("{}", body.trim());
    Ok(if status == 200 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Where a newswire that listens at `listen` is reached from this machine.
fn reachable(listen: &str) -> anyhow::Result<String> {
    if listen.is_empty() {
        bail!("http.listen is empty, so newswire answers nobody; set it or name HOST:PORT");
    }
    Ok(match listen.parse::<SocketAddr>() {
        Ok(address) if address.ip().is_unspecified() => format!("127.0.0.1:{}", address.port()),
        _ => listen.to_owned(),
    })
}

/// One HTTP request: the answer's status and body.
fn get(address: &str, path: &str) -> anyhow::Result<(u16, String)> {
    let host = address.to_socket_addrs()?.next().context("the name has no address")?;
    let mut stream = TcpStream::connect_timeout(&host, TIMEOUT)?;
    stream.set_read_timeout(Some(TIMEOUT))?;
    stream.set_write_timeout(Some(TIMEOUT))?;
    // HTTP/1.0: the answer ends where the connection does, and is never chunked.
    stream.write_all(format!("GET {path} HTTP/1.0\r\nHost: {address}\r\n\r\n").as_bytes())?;
    let mut answer = Vec::new();
    stream.take(MOST_ANSWER_BYTES).read_to_end(&mut answer)?;
    parse(&String::from_utf8_lossy(&answer))
}

fn parse(answer: &str) -> anyhow::Result<(u16, String)> {
    let status = answer.strip_prefix("HTTP/1.").and_then(|rest| rest.split(' ').nth(1)?.parse().ok());
    let (Some(status), Some((_, body))) = (status, answer.split_once("\r\n\r\n")) else {
        bail!("the answer is not HTTP: {:?}", answer.lines().next().unwrap_or_default());
    };
    Ok((status, body.to_owned()))
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead, BufReader};
    use std::net::TcpListener;

    use super::*;

    /// Asks a server that gives this answer once.
    fn ask(answer: &'static str) -> anyhow::Result<(u16, String)> {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("the port is bound").to_string();
        let server = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().expect("the client comes");
            let mut request = String::new();
            for line in BufReader::new(&stream).lines() {
                match line.expect("the client asks") {
                    line if line.is_empty() => break,
                    line => request += &(line + "\n"),
                }
            }
            stream.write_all(answer.as_bytes()).expect("the client listens");
            request
        });
        let result = get(&address, "/health/ready");
        let request = server.join().expect("the server answers");
        assert!(request.starts_with("GET /health/ready HTTP/1.0\n"), "{request}");
        result
    }

    #[test]
    fn every_address_is_reached_from_this_machine_by_the_loopback() {
        assert_eq!(reachable("0.0.0.0:8080").expect("an address"), "127.0.0.1:8080");
        assert_eq!(reachable("[::]:81").expect("an address"), "127.0.0.1:81");
        assert_eq!(reachable("10.0.0.7:8080").expect("an address"), "10.0.0.7:8080");
        assert_eq!(reachable("localhost:8080").expect("an address"), "localhost:8080");
        assert!(reachable("").is_err());
    }

    #[test]
    fn the_answers_status_and_body_come_back() {
        let ready = ask("HTTP/1.0 200 OK\r\ncontent-length: 4\r\n\r\nyes\n").expect("an HTTP answer");
        assert_eq!(ready, (200, "yes\n".into()));
        let not_ready = ask("HTTP/1.1 503 Service Unavailable\r\n\r\nno group").expect("an HTTP answer");
        assert_eq!(not_ready, (503, "no group".into()));
    }

    #[test]
    fn what_is_not_http_is_an_error_that_shows_it() {
        let error = ask("SSH-2.0-x\r\n\r\n").expect_err("not HTTP");
        assert!(error.to_string().contains("SSH-2.0-x"), "{error}");
        assert!(ask("").is_err());
    }

    #[test]
    fn nobody_listening_is_an_error() {
        let closed = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = closed.local_addr().expect("the port is bound").to_string();
        drop(closed);
        assert!(get(&address, "/health/live").is_err());
    }
}
