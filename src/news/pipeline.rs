//! The whole story of a page, from its text to its labelled records.

use std::borrow::Cow;
use std::sync::Arc;

use super::language::Language;
use super::models::Models;
use super::page::{Page, Reject, RejectReason};
use super::record::{self, LabelledRecord, ModelOrigin, PageOrigin, Position};
use super::segment::{self, Field, Item, Segments};

/// Below this probability a topic is `other`: [`LabelOptions::threshold`]'s default.
pub const DEFAULT_THRESHOLD: f64 = 0.0;

/// What a record is to hold, and how sure a topic must be.
#[derive(Debug, Clone, PartialEq)]
pub struct LabelOptions {
    /// `topic.threshold`: below this calibrated probability the topic is `other`.
    pub threshold: f64,
    /// `output.evidence`: how many of the terms that weighed most a record names.
    pub evidence: usize,
    /// `output.body`: whether a record holds its item's body.
    pub body: bool,
}

impl Default for LabelOptions {
    fn default() -> Self {
        LabelOptions { threshold: DEFAULT_THRESHOLD, evidence: 0, body: false }
    }
}

/// The models and what is asked of them: all that labelling a page needs.
#[derive(Debug, Clone)]
pub struct Pipeline {
    pub models: Arc<Models>,
    pub options: LabelOptions,
}

impl Pipeline {
    /// A page's labelled records, one an item, in page order; at least one. `labelled_at` is RFC 3339, UTC.
    pub fn label(
        &self,
        page: &Page,
        position: &Position,
        labelled_at: &str,
    ) -> Result<Vec<LabelledRecord>, Reject> {
        let segments = segment::segment(&page.text, page.title.as_deref());
        if segments.items.is_empty() {
            return Err(Reject {
                reason: RejectReason::NoItem,
                detail: "no headline, article or teaser was found in the page's text".into(),
            });
        }
        let spoken = self.models.language.page_language(spoken_texts(page, &segments));
        let items = segments.items.iter().enumerate();
        Ok(items
            .map(|(number, item)| {
                let origin = page_origin(page, &segments, position, number);
                self.label_item(page, item, spoken, origin, position, labelled_at)
            })
            .collect())
    }

    fn label_item(
        &self,
        page: &Page,
        item: &Item,
        spoken: Option<Language>,
        origin: PageOrigin,
        position: &Position,
        labelled_at: &str,
    ) -> LabelledRecord {
        let text = decoded(field(page, item.field), &item.text);
        let verdict = self.models.language.identify(&text, spoken);
        let topics = self.models.topics.get(&verdict.language);
        let labelled = topics.map(|model| (model, model.classify(&text, self.options.threshold)));
        let evidence = labelled
            .as_ref()
            .filter(|_| self.options.evidence > 0)
            .map(|(model, topic)| model.evidence(&text, &topic.topic, self.options.evidence));
        let decider = match topics {
            Some(model) => model.origin(),
            None => self.models.language.origin(),
        };
        let topic = labelled.map(|(_, topic)| topic);
        LabelledRecord {
            id: record::record_id(position, origin.item),
            fingerprint: record::fingerprint(&text, verdict.language),
            kind: item.kind,
            body: self.options.body.then(|| body_text(&page.text, item)).flatten(),
            language: verdict.language,
            language_confidence: verdict.confidence,
            confidence: topic.as_ref().map(|topic| topic.confidence),
            topic: topic.as_ref().map(|topic| topic.topic.clone()),
            scores: topic.map(|topic| topic.scores),
            evidence,
            page: origin,
            model: ModelOrigin { name: decider.name.clone(), hash: decider.hash.clone() },
            labelled_at: labelled_at.to_owned(),
            text: text.into_owned(),
        }
    }
}

fn page_origin(page: &Page, segments: &Segments, position: &Position, item: usize) -> PageOrigin {
    let outlet = || segments.outlet.as_ref().map(|range| decoded(&page.text, range).into_owned());
    PageOrigin {
        id: page.id.clone(),
        url: page.url.clone(),
        source: page.source.clone().or_else(outlet),
        published: page.published.clone().or_else(|| segments.published.clone()),
        topic: position.topic.clone(),
        partition: position.partition,
        offset: position.offset,
        item,
        items: segments.items.len(),
    }
}

/// What tells the page's own language: every item's text, and the bodies.
fn spoken_texts<'p>(page: &'p Page, segments: &'p Segments) -> impl Iterator<Item = &'p str> {
    segments.items.iter().flat_map(|item| {
        let headline = field(page, item.field).get(item.text.clone());
        headline.into_iter().chain(item.body.iter().filter_map(|range| page.text.get(range.clone())))
    })
}

/// The field that an item's headline stands in.
fn field(page: &Page, field: Field) -> &str {
    match field {
        Field::Text => &page.text,
        Field::Title => page.title.as_deref().unwrap_or_default(),
    }
}

fn body_text(page: &str, item: &Item) -> Option<String> {
    let parts: Vec<_> = item.body.iter().map(|range| decoded(page, range)).collect();
    (!parts.is_empty()).then(|| parts.join("\n"))
}

/// A slice of the page with its HTML entities decoded.
fn decoded<'p>(page: &'p str, range: &std::ops::Range<usize>) -> Cow<'p, str> {
    html_escape::decode_html_entities(page.get(range.clone()).unwrap_or_default())
}
