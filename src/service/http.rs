//! Health, metrics and the live page. Reads the counters; the way of a record never waits on it.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio_stream::wrappers::BroadcastStream;
use tokio_stream::{Stream, StreamExt};

use super::metrics;
use super::stats::Stats;
use crate::news::record::LabelledRecord;

const LIVE_PAGE: &str = include_str!("live.html");

/// Listens; port 0 picks a free one. The address is the one that was taken.
pub async fn listen(address: &str) -> std::io::Result<(TcpListener, SocketAddr)> {
    let listener = TcpListener::bind(address).await?;
    let taken = listener.local_addr()?;
    Ok((listener, taken))
}

/// Serves until the task is dropped.
pub async fn serve(listener: TcpListener, stats: Arc<Stats>) -> std::io::Result<()> {
    axum::serve(listener, router(stats)).await
}

fn router(stats: Arc<Stats>) -> Router {
    Router::new()
        .route("/", get(|| async { Html(LIVE_PAGE) }))
        .route("/health/live", get(|| async { answer(StatusCode::OK, json!({"status": "live"})) }))
        .route("/health/ready", get(ready))
        .route("/metrics", get(open_metrics))
        .route("/stats", get(stats_json))
        .route("/recent", get(recent))
        .with_state(stats)
}

fn answer(status: StatusCode, body: Value) -> Response {
    (status, [(header::CONTENT_TYPE, "application/json")], body.to_string()).into_response()
}

async fn ready(State(stats): State<Arc<Stats>>) -> Response {
    let health = stats.health();
    let partitions = &health.partitions;
    match health.ready() {
        Ok(()) => answer(StatusCode::OK, json!({"status": "ready", "partitions": partitions})),
        Err(reason) => {
            let body = json!({"status": "not ready", "reason": reason, "partitions": partitions});
            answer(StatusCode::SERVICE_UNAVAILABLE, body)
        }
    }
}

async fn open_metrics(State(stats): State<Arc<Stats>>) -> Response {
    const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    match metrics::render(&stats) {
        Ok(text) => ([(header::CONTENT_TYPE, OPEN_METRICS)], text).into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}

/// The counters in short, for the live page.
async fn stats_json(State(stats): State<Arc<Stats>>) -> Response {
    let snapshot = stats.snapshot();
    let counts = snapshot.counts;
    let mut languages = serde_json::Map::new();
    let mut topics = serde_json::Map::new();
    let mut items = 0;
    for ((_, language, topic), count) in &counts.items {
        items += count;
        add(&mut languages, language.as_str(), *count);
        add(&mut topics, topic.as_deref().unwrap_or("none"), *count);
    }
    let body = json!({
        "pages": counts.pages.values().sum::<u64>(),
        "dead_letters": counts.dead_letters.values().sum::<u64>(),
        "items": items,
        "languages": languages,
        "topics": topics,
        "lag": counts.lag.values().sum::<i64>(),
        "seconds": snapshot.uptime.as_secs_f64(),
        // Why not, or null.
        "trouble": stats.health().ready().err(),
    });
    answer(StatusCode::OK, body)
}

fn add(sums: &mut serde_json::Map<String, Value>, name: &str, count: u64) {
    let sum = sums.get(name).and_then(Value::as_u64).unwrap_or(0) + count;
    sums.insert(name.to_owned(), sum.into());
}

/// The newest records, then each as it is committed, as server-sent events.
async fn recent(
    State(stats): State<Arc<Stats>>,
) -> Sse<impl Stream<Item = Result<Event, Infallible>> + use<>> {
    // Watching begins before the past is read, so that nothing falls between them.
    let coming = BroadcastStream::new(stats.watch()).filter_map(Result::ok);
    let past = tokio_stream::iter(stats.recent());
    let events = past.chain(coming).map(|record| Ok(event(&record)));
    Sse::new(events).keep_alive(KeepAlive::default())
}

fn event(record: &LabelledRecord) -> Event {
    // A record is always JSON, and JSON of serde_json's never holds a line break.
    Event::default().data(serde_json::to_string(record).unwrap_or_default())
}

#[cfg(test)]
mod tests;
