//! Files to pages: whole files, or lines in batches as large as one read gives, so that a stream's pages are
//! labelled as they come and a file's pages keep every core at work. Memory is bounded: of a page that is too
//! large, one byte more than the limit is kept, enough to reject it.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use anyhow::Context;

use super::Format;

/// How much one read of a file takes: some hundred pages.
const READ_BYTES: usize = 1 << 20;

/// A page's bytes and the line, from 1, on which it begins.
#[derive(Debug, PartialEq, Eq)]
pub struct RawPage {
    pub line: i64,
    pub bytes: Vec<u8>,
}

/// Opens a file, or standard input for `-`; its name as records show it, and its bytes.
pub fn open(path: &Path) -> anyhow::Result<(String, Box<dyn Read>)> {
    if path == Path::new("-") {
        return Ok(("stdin".into(), Box::new(io::stdin())));
    }
    let name = path.display().to_string();
    let file = File::open(path).with_context(|| format!("cannot open {name:?}"))?;
    Ok((name, Box::new(file)))
}

/// A reader's pages, some at a time.
pub struct Batches<R> {
    reader: BufReader<R>,
    format: Format,
    most_bytes: usize,
    line: i64,
    ended: bool,
}

impl<R: Read> Batches<R> {
    /// `most_bytes`: the largest page that is not rejected.
    pub fn new(reader: R, format: Format, most_bytes: usize) -> Batches<R> {
        let reader = BufReader::with_capacity(READ_BYTES, reader);
        Batches { reader, format, most_bytes, line: 0, ended: false }
    }

    /// The whole reader as one page.
    fn whole(&mut self) -> io::Result<Vec<RawPage>> {
        let mut bytes = Vec::new();
        let kept_bytes = self.kept_bytes() as u64;
        self.reader.by_ref().take(kept_bytes).read_to_end(&mut bytes)?;
        self.ended = true;
        Ok(vec![RawPage { line: 1, bytes }])
    }

    /// The next line, and those that the same read gave whole.
    fn lines(&mut self) -> io::Result<Vec<RawPage>> {
        let mut pages = Vec::new();
        loop {
            match self.next_line()? {
                None => self.ended = true,
                Some(page) if page.bytes.trim_ascii().is_empty() => {}
                Some(page) => pages.push(page),
            }
            if self.ended || memchr::memchr(b'\n', self.reader.buffer()).is_none() {
                return Ok(pages);
            }
        }
    }

    fn next_line(&mut self) -> io::Result<Option<RawPage>> {
        let mut bytes = Vec::new();
        let mut found = false;
        loop {
            let kept_bytes = self.kept_bytes();
            let available = self.reader.fill_buf()?;
            if available.is_empty() && !found {
                return Ok(None);
            }
            found = true;
            let end = memchr::memchr(b'\n', available);
            let line = available.get(..end.unwrap_or(available.len())).unwrap_or_default();
            bytes.extend_from_slice(line.get(..kept_bytes - bytes.len()).unwrap_or(line));
            let (taken, last) =
                (line.len() + usize::from(end.is_some()), end.is_some() || available.is_empty());
            self.reader.consume(taken);
            if last {
                self.line += 1;
                return Ok(Some(RawPage { line: self.line, bytes }));
            }
        }
    }

    fn kept_bytes(&self) -> usize {
        self.most_bytes.saturating_add(1)
    }
}

impl<R: Read> Iterator for Batches<R> {
    type Item = io::Result<Vec<RawPage>>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let batch = match self.format {
            Format::Text | Format::Json => self.whole(),
            Format::Jsonl => self.lines(),
        };
        self.ended |= batch.is_err();
        Some(batch)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A reader that gives its parts one a read, as a pipe does.
    struct Parts(Vec<&'static [u8]>);

    impl Read for Parts {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            if self.0.is_empty() {
                return Ok(0);
            }
            let mut part = self.0.remove(0);
            part.read(buffer)
        }
    }

    #[track_caller]
    fn check_batches(format: Format, parts: &[&'static str], expected: &[&[(i64, &str)]]) {
        let reader = Parts(parts.iter().map(|part| part.as_bytes()).collect());
        let batches: Vec<Vec<(i64, String)>> = Batches::new(reader, format, 8)
            .map(|batch| batch.expect("the parts can be read"))
            .map(|batch| {
                let pages = batch.into_iter();
                pages.map(|page| (page.line, String::from_utf8_lossy(&page.bytes).into_owned())).collect()
            })
            .collect();
        let expected: Vec<Vec<(i64, String)>> = expected
            .iter()
            .map(|batch| batch.iter().map(|&(line, text)| (line, text.to_owned())).collect())
            .collect();
        assert_eq!(batches, expected);
    }

    #[test]
    fn lines_come_in_batches_as_they_are_read() {
        check_batches(Format::Jsonl, &["a\nb\n", "c\n"], &[&[(1, "a"), (2, "b")], &[(3, "c")], &[]]);
        check_batches(Format::Jsonl, &["a\nb", "c\nd"], &[&[(1, "a")], &[(2, "bc")], &[(3, "d")], &[]]);
        check_batches(Format::Jsonl, &["a\n\n \r\nb\n"], &[&[(1, "a"), (4, "b")], &[]]);
        check_batches(Format::Jsonl, &[], &[&[]]);
    }

    #[test]
    fn of_a_page_that_is_too_large_one_byte_more_than_the_limit_is_kept() {
        check_batches(Format::Jsonl, &["1234567", "890\nb\n"], &[&[(1, "123456789"), (2, "b")], &[]]);
        check_batches(Format::Text, &["1234567", "890\nb\n"], &[&[(1, "123456789")]]);
    }

    #[test]
    fn a_text_is_one_page() {
        check_batches(Format::Text, &["a\n", "b\n"], &[&[(1, "a\nb\n")]]);
        check_batches(Format::Text, &[], &[&[(1, "")]]);
    }
}
