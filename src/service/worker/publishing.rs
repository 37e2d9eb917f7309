//! From pages in hand to published ones: a batch is labelled while the one before it is published, all of it at
//! once, but a page that a refused record may stand on by itself.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Instant;

use rayon::prelude::*;
use tracing::{error, info, warn};

use super::{FIRST_BACKOFF, Next, Worker, WorkerError, rfc3339_now};
use crate::service::broker::{Broker, InputRecord, PageOutput, PublishError};
use crate::service::outcome::{HandledPage, Labeller, Outcome};
use crate::service::stats::Stats;

/// What the broker did with a part.
enum Part {
    Published,
    Refused { pages: Vec<HandledPage>, reason: String, suspects: BTreeSet<usize> },
}

impl<B: Broker> Worker<B> {
    /// Labels the batch that was read, and publishes the one before it meanwhile.
    pub(super) fn advance(&mut self) -> Next {
        let batch = std::mem::take(&mut self.batch);
        self.batch_bytes = 0;
        let (labeller, stats) = (Arc::clone(&self.labeller), Arc::clone(&self.stats));
        let mut labelled = Vec::new();
        let published = rayon::in_place_scope(|scope| {
            scope.spawn(|_| labelled = label(&labeller, &stats, batch));
            self.publish_labelled()
        });
        self.labelled = labelled;
        published
    }

    /// Publishes all that was read.
    pub(super) fn finish_in_hand(&mut self) -> Next {
        match self.advance() {
            Next::GoOn => self.publish_labelled(),
            next => next,
        }
    }

    pub(super) fn publish_labelled(&mut self) -> Next {
        let pages = std::mem::take(&mut self.labelled);
        if pages.is_empty() {
            return Next::GoOn;
        }
        match self.publish(pages) {
            Ok(()) => {
                self.progress = Instant::now();
                self.backoff = FIRST_BACKOFF;
                if self.stats.well() {
                    info!("pages move again");
                }
                self.look_at_lag();
                Next::GoOn
            }
            Err(next) => next,
        }
    }

    /// Publishes pages in order. Where the broker refuses a record, the pages that are suspected of it go by
    /// themselves; suspicion outlives this batch, since a failure on the way gives the same pages again.
    fn publish(&mut self, pages: Vec<HandledPage>) -> Result<(), Next> {
        let mut waiting = VecDeque::from(pages);
        while !waiting.is_empty() {
            let trusted = waiting.iter().take_while(|page| !self.suspects.contains(&place(page))).count();
            let part: Vec<HandledPage> = waiting.drain(..trusted.max(1)).collect();
            let places: Vec<_> = part.iter().map(place).collect();
            let Part::Refused { mut pages, reason, suspects } = self.publish_part(part)? else {
                places.iter().for_each(|place| _ = self.suspects.remove(place));
                continue;
            };
            match pages.pop() {
                Some(page) if pages.is_empty() => {
                    self.suspects.remove(&place(&page));
                    waiting.push_front(self.refused(page, &reason)?);
                }
                last => {
                    self.suspects.extend(suspects.iter().filter_map(|suspect| places.get(*suspect)));
                    pages.into_iter().chain(last).rev().for_each(|page| waiting.push_front(page));
                }
            }
        }
        Ok(())
    }

    fn publish_part(&mut self, mut pages: Vec<HandledPage>) -> Result<Part, Next> {
        let started = Instant::now();
        let outputs: Vec<PageOutput> = pages.iter_mut().map(take_output).collect();
        match self.broker.publish(&outputs) {
            Ok(()) => {
                self.stats.publish_seconds.observe(started.elapsed().as_secs_f64());
                self.stats.committed(&pages);
                Ok(Part::Published)
            }
            Err(PublishError::Refused { reason, suspects }) => {
                for (page, output) in pages.iter_mut().zip(outputs) {
                    page.output = output;
                }
                Ok(Part::Refused { pages, reason, suspects })
            }
            Err(PublishError::Rewound(reason)) => {
                self.stats.update(|counts| counts.rewinds += 1);
                Err(Next::Again(reason))
            }
            Err(PublishError::Broker(error)) => Err(self.after_broker_error(error)),
        }
    }

    /// The page that stood alone when the broker refused it, as a dead letter; a dead letter that is refused itself
    /// ends the service.
    fn refused(&self, page: HandledPage, reason: &str) -> Result<HandledPage, Next> {
        if page.outcome.reject().is_some() {
            let page = format!("{:?}", page.input.position);
            return Err(Next::End(WorkerError::DeadLetter { page, reason: reason.to_owned() }));
        }
        warn!(page = ?page.input.position, reason, "the broker refuses a record of a page; it becomes a dead letter");
        Ok(self.labeller.refuse(page, reason, &rfc3339_now()))
    }
}

fn label(labeller: &Labeller, stats: &Stats, batch: Vec<InputRecord>) -> Vec<HandledPage> {
    if batch.is_empty() {
        return Vec::new();
    }
    let started = Instant::now();
    let now = rfc3339_now();
    let pages: Vec<HandledPage> = batch.into_par_iter().map(|page| labeller.handle(page, &now)).collect();
    stats.label_seconds.observe(started.elapsed().as_secs_f64());
    stats.batch_pages.observe(pages.len() as f64);
    for page in &pages {
        if let Outcome::Failed(reject) = &page.outcome {
            error!(page = ?page.input.position, detail = reject.detail, "newswire failed on a page; please report it");
        }
    }
    pages
}

fn place(page: &HandledPage) -> (i32, i64) {
    (page.input.position.partition, page.input.position.offset)
}

fn take_output(page: &mut HandledPage) -> PageOutput {
    PageOutput { position: page.output.position.clone(), records: std::mem::take(&mut page.output.records) }
}
