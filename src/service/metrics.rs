//! The counters as OpenMetrics.

use std::fmt;
use std::sync::Arc;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::text::encode;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::Registry;

use super::stats::Stats;

/// Everything that the service counts, in the OpenMetrics text format.
pub fn render(stats: &Arc<Stats>) -> Result<String, fmt::Error> {
    let mut registry = Registry::with_prefix("newswire");
    registry.register_collector(Box::new(Counted(Arc::clone(stats))));
    let histograms = [
        ("batch_pages", "Pages a batch", &stats.batch_pages),
        ("label_seconds", "Time to label a batch", &stats.label_seconds),
        ("publish_seconds", "Time to publish and commit a batch", &stats.publish_seconds),
    ];
    for (name, help, histogram) in histograms {
        registry.register(name, help, histogram.clone());
    }
    let mut text = String::new();
    encode(&mut text, &registry)?;
    Ok(text)
}

#[derive(Debug)]
struct Counted(Arc<Stats>);

/// One metric: its samples, each with its labels.
fn family<M: EncodeMetric>(
    encoder: &mut DescriptorEncoder<'_>,
    (name, help, kind): (&str, &str, MetricType),
    samples: impl IntoIterator<Item = (Vec<(&'static str, String)>, M)>,
) -> fmt::Result {
    let mut metric = encoder.encode_descriptor(name, help, None, kind)?;
    for (labels, value) in samples {
        value.encode(metric.encode_family(&labels)?)?;
    }
    Ok(())
}

/// One metric without labels.
fn single(
    encoder: &mut DescriptorEncoder<'_>,
    (name, help, kind): (&str, &str, MetricType),
    value: impl EncodeMetric,
) -> fmt::Result {
    value.encode(encoder.encode_descriptor(name, help, None, kind)?)
}

impl Collector for Counted {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let encoder = &mut encoder;
        let snapshot = self.0.snapshot();
        let counts = snapshot.counts;
        let counter = MetricType::Counter;
        let gauge = MetricType::Gauge;
        family(
            encoder,
            ("pages", "Pages that are committed, by what became of them", counter),
            counts.pages.iter().map(|(outcome, count)| {
                (vec![("outcome", (*outcome).to_owned())], ConstCounter::new(*count))
            }),
        )?;
        family(
            encoder,
            ("items", "Labelled records that are committed", counter),
            counts.items.iter().map(|((kind, language, topic), count)| {
                let labels = vec![
                    ("kind", format!("{kind:?}").to_lowercase()),
                    ("language", language.to_string()),
                    ("topic", topic.as_deref().unwrap_or("none").to_owned()),
                ];
                (labels, ConstCounter::new(*count))
            }),
        )?;
        family(
            encoder,
            ("dead_letters", "Pages that became dead letters, by the reason", counter),
            counts.dead_letters.iter().map(|(reason, count)| {
                (vec![("reason", reason.code().to_owned())], ConstCounter::new(*count))
            }),
        )?;
        family(
            encoder,
            ("lag", "Records that a partition still holds for this instance", gauge),
            counts
                .lag
                .iter()
                .map(|(partition, lag)| (vec![("partition", partition.to_string())], ConstGauge::new(*lag))),
        )?;
        family(
            encoder,
            ("model", "The models in force", gauge),
            counts.models.iter().map(|model| {
                (vec![("name", model.name.clone()), ("hash", model.hash.clone())], ConstGauge::new(1i64))
            }),
        )?;
        single(
            encoder,
            ("batches", "Batches that are committed", counter),
            ConstCounter::new(counts.batches),
        )?;
        single(
            encoder,
            ("rewinds", "Batches that were given up and read again", counter),
            ConstCounter::new(counts.rewinds),
        )?;
        single(
            encoder,
            ("rebuilds", "Times that the Kafka clients were started anew after a standstill", counter),
            ConstCounter::new(counts.rebuilds),
        )?;
        single(
            encoder,
            ("model_reloads", "Times that new models came into force", counter),
            ConstCounter::new(counts.model_reloads),
        )?;
        single(
            encoder,
            ("model_reload_failures", "Times that new models were bad and the old stayed in force", counter),
            ConstCounter::new(counts.bad_model_reloads),
        )?;
        let ready = i64::from(self.0.health().ready().is_ok());
        single(encoder, ("ready", "1 while pages can move", gauge), ConstGauge::new(ready))?;
        single(
            encoder,
            ("uptime_seconds", "Seconds since the start", gauge),
            ConstGauge::new(snapshot.uptime.as_secs_f64()),
        )
    }
}
