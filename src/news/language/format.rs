//! The weights of a language model file, little-endian:
//!
//! ```text
//! u32 letters, u32 each letter          the alphabet
//! f64 quantum, f64 each calibration figure
//! u32 keys, u64 each n-gram or word     in row order
//! i8 each weight                        rows of one weight a class
//! ```
//!
//! The header's languages and labels are the classes: the own languages, then the strangers.

use super::Parts;
use super::belief::{Calibration, FEATURES, OpinionWeights};
use super::letters::Alphabet;
use super::table::{MOST_CLASSES, NgramTable};
use crate::news::model_file::{self, Header, ModelFileError, ModelKind};

const FIGURES: usize = 1 + 2 + FEATURES + 4;

pub fn header(parts: &Parts, made_by: String) -> Header {
    Header::new(ModelKind::Language, "language", parts.languages.clone(), parts.strangers.clone(), made_by)
}

pub fn write(header: Header, parts: &Parts) -> (Header, Vec<u8>) {
    let mut weights = Vec::new();
    let count = |length: usize| u32::try_from(length).unwrap_or(u32::MAX).to_le_bytes();
    weights.extend(count(parts.alphabet.letters().len()));
    weights.extend(parts.alphabet.letters().iter().flat_map(|&letter| u32::from(letter).to_le_bytes()));
    let Calibration { temperature, known, opinion } = &parts.calibration;
    let figures = std::iter::once(&parts.quantum)
        .chain(temperature)
        .chain(known)
        .chain(&opinion.own)
        .chain(&opinion.stranger);
    weights.extend(figures.flat_map(|figure| figure.to_le_bytes()));
    weights.extend(count(parts.table.keys().len()));
    weights.extend(parts.table.keys().iter().flat_map(|key| key.to_le_bytes()));
    let rows = (0..parts.table.keys().len()).flat_map(|row| parts.table.row(row));
    weights.extend(rows.map(|&weight| weight.cast_unsigned()));
    model_file::write(header, &weights)
}

pub fn read(bytes: &[u8]) -> Result<(Header, Parts), ModelFileError> {
    let (header, weights) = model_file::read(bytes, ModelKind::Language)?;
    let classes = header.languages.len() + header.labels.len();
    if header.languages.is_empty() || classes > MOST_CLASSES {
        return Err(broken(format!("{classes} languages where 1 to {MOST_CLASSES} are expected")));
    }
    let mut rest = Rest(weights);
    let letters = rest.count()?;
    let letters =
        rest.array::<4>(letters)?.iter().filter_map(|&code| char::from_u32(u32::from_le_bytes(code)));
    let alphabet = Alphabet::new(letters);
    let figures: Vec<f64> =
        rest.array::<8>(FIGURES)?.iter().map(|&figure| f64::from_le_bytes(figure)).collect();
    let (quantum, calibration) =
        calibration(&figures).ok_or_else(|| broken("a calibration figure is not a number"))?;
    let rows = rest.count()?;
    let keys = rest.array::<8>(rows)?.iter().map(|&key| u64::from_le_bytes(key)).collect();
    let weights: Vec<i8> = rest.take(rows * classes)?.iter().map(|&weight| weight.cast_signed()).collect();
    if !rest.0.is_empty() {
        return Err(broken(format!("{} bytes too many", rest.0.len())));
    }
    let table = NgramTable::new(keys, &weights, classes);
    let (languages, strangers) = (header.languages.clone(), header.labels.clone());
    Ok((header, Parts { languages, strangers, alphabet, table, quantum, calibration }))
}

fn calibration(figures: &[f64]) -> Option<(f64, Calibration)> {
    if !figures.iter().all(|figure| figure.is_finite()) {
        return None;
    }
    let (&quantum, figures) = figures.split_first()?;
    let (temperature, figures) = figures.split_first_chunk()?;
    let (known, figures) = figures.split_first_chunk()?;
    let (own, figures) = figures.split_first_chunk()?;
    let (stranger, _) = figures.split_first_chunk()?;
    let opinion = OpinionWeights { own: *own, stranger: *stranger };
    Some((quantum, Calibration { temperature: *temperature, known: *known, opinion }))
}

/// What is left to read.
struct Rest<'b>(&'b [u8]);

impl<'b> Rest<'b> {
    fn take(&mut self, length: usize) -> Result<&'b [u8], ModelFileError> {
        let (taken, rest) =
            self.0.split_at_checked(length).ok_or_else(|| broken("the weights end too soon"))?;
        self.0 = rest;
        Ok(taken)
    }

    fn array<const BYTES: usize>(&mut self, count: usize) -> Result<&'b [[u8; BYTES]], ModelFileError> {
        let bytes = count.checked_mul(BYTES).ok_or_else(|| broken("a count is too large"))?;
        Ok(self.take(bytes)?.as_chunks().0)
    }

    fn count(&mut self) -> Result<usize, ModelFileError> {
        let bytes = self.array::<4>(1)?;
        Ok(bytes.first().map_or(0, |&count| u32::from_le_bytes(count) as usize))
    }
}

fn broken(what: impl Into<String>) -> ModelFileError {
    ModelFileError::Weights(what.into())
}
