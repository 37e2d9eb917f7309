//! A batch in parts: all of it at once, until the broker refuses a record.

use std::collections::VecDeque;
use std::time::Instant;

use tracing::warn;

use super::{Next, Worker, WorkerError};
use crate::service::broker::{Broker, PageOutput, PublishError};
use crate::service::outcome::HandledPage;

impl<B: Broker> Worker<B> {
    /// Publishes pages in order. Where the broker refuses a record, in smaller and smaller parts, until the page is
    /// found that it stands on; how small is kept beyond this batch, since a failure on the way gives the same pages
    /// again.
    pub(super) fn publish(&mut self, pages: Vec<HandledPage>, now: &str) -> Result<(), Next> {
        let mut waiting = VecDeque::from(pages);
        while !waiting.is_empty() {
            let part: Vec<HandledPage> = waiting.drain(..waiting.len().min(self.part)).collect();
            let Err((mut part, reason)) = self.publish_part(part)? else {
                self.enlarge_parts();
                continue;
            };
            self.parts_published = 0;
            match part.pop() {
                Some(page) if part.is_empty() => {
                    waiting.push_front(self.refused(page, &reason, now)?);
                    self.part = self.limits.max_pages;
                }
                page => {
                    self.part = part.len().div_ceil(2);
                    part.into_iter().chain(page).rev().for_each(|page| waiting.push_front(page));
                }
            }
        }
        Ok(())
    }

    /// Publishes one part; a part that is refused comes back with the reason.
    fn publish_part(
        &mut self,
        mut pages: Vec<HandledPage>,
    ) -> Result<Result<(), (Vec<HandledPage>, String)>, Next> {
        let started = Instant::now();
        let outputs: Vec<PageOutput> = pages.iter_mut().map(take_output).collect();
        match self.broker.publish(&outputs) {
            Ok(()) => {
                self.stats.publish_seconds.observe(started.elapsed().as_secs_f64());
                self.stats.committed(&pages);
                Ok(Ok(()))
            }
            Err(PublishError::Refused(reason)) => {
                for (page, output) in pages.iter_mut().zip(outputs) {
                    page.output = output;
                }
                Ok(Err((pages, reason)))
            }
            Err(PublishError::Rewound(reason)) => {
                self.stats.update(|counts| counts.rewinds += 1);
                Err(Next::Again(reason))
            }
            Err(PublishError::Broker(error)) => Err(self.after_broker_error(error)),
        }
    }

    /// Parts grow again once some of a size went through: requests that are too large for a topic, though each
    /// record is not, would come back at once.
    fn enlarge_parts(&mut self) {
        const PARTS_BEFORE_LARGER: usize = 16;
        self.parts_published += 1;
        if self.part < self.limits.max_pages && self.parts_published >= PARTS_BEFORE_LARGER {
            self.part = (self.part * 2).min(self.limits.max_pages);
            self.parts_published = 0;
        }
    }

    /// The page that stood alone when the broker refused it, as a dead letter; a dead letter that is refused itself
    /// ends the service.
    fn refused(&self, page: HandledPage, reason: &str, now: &str) -> Result<HandledPage, Next> {
        if page.outcome.reject().is_some() {
            let page = format!("{:?}", page.input.position);
            return Err(Next::End(WorkerError::DeadLetter { page, reason: reason.to_owned() }));
        }
        warn!(page = ?page.input.position, reason, "the broker refuses a record of a page; it becomes a dead letter");
        Ok(self.labeller.refuse(page, reason, now))
    }
}

fn take_output(page: &mut HandledPage) -> PageOutput {
    PageOutput { position: page.output.position.clone(), records: std::mem::take(&mut page.output.records) }
}
