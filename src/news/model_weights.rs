//! A topic model's weights as bytes, little end first.
//!
//! ```text
//! each family: alpha f32, terms u32, then for each topic a total f32 and a weight f32
//! a bias f32 for each topic
//! the lexicon: see `lexicon.rs`
//! number of terms u32, then each: key less the key before it (variable length), family u8, then for each topic
//!                                 a surprise u16 and an attribute weight u8
//! ```

use super::lexicon::Lexicon;
use super::model::{FamilyWeights, KEY_BITS, MOST_TERMS, TermWeights, Weights};
use super::model_file::ModelFileError;
use super::tokens::Family;

/// The weights as bytes.
pub fn write(weights: &Weights) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(weights.terms.len() * 14);
    for family in &weights.families {
        bytes.extend(family.alpha.to_le_bytes());
        bytes.extend(family.terms.to_le_bytes());
        for (total, weight) in family.totals.iter().zip(&family.weights) {
            bytes.extend(total.to_le_bytes());
            bytes.extend(weight.to_le_bytes());
        }
    }
    weights.bias.iter().for_each(|bias| bytes.extend(bias.to_le_bytes()));
    weights.lexicon.write(&mut bytes);
    bytes.extend((weights.terms.len() as u32).to_le_bytes());
    let labels = weights.bias.len().max(1);
    let mut before = 0;
    let rows = weights.surprise.chunks(labels).zip(weights.attributes.chunks(labels));
    for (term, (surprise, attributes)) in weights.terms.iter().zip(rows) {
        push_varint(term.key - before, &mut bytes);
        before = term.key;
        bytes.push(term.family);
        for (steps, &attribute) in surprise.iter().zip(attributes) {
            bytes.extend(steps.to_le_bytes());
            bytes.push(attribute);
        }
    }
    bytes
}

/// Reads what [`write`] wrote for a model of `labels` topics.
pub fn read(bytes: &[u8], labels: usize) -> Result<Weights, ModelFileError> {
    let mut rest = Reader { rest: bytes };
    let families = (0..Family::COUNT).map(|_| read_family(&mut rest, labels)).collect::<Result<_, _>>()?;
    let bias = (0..labels).map(|_| rest.f32()).collect::<Result<_, _>>()?;
    let lexicon = Lexicon::read(&mut rest)?;
    let count = rest.u32()? as usize;
    // A term takes a byte of key, one of family and three for each topic at the least.
    let most = (rest.rest.len() / (2 + 3 * labels)).min(MOST_TERMS);
    if count > most {
        return Err(ModelFileError::Weights(format!(
            "it says {count} terms where its bytes can hold {most} at most"
        )));
    }
    let mut terms = Vec::with_capacity(count);
    let mut surprise = Vec::with_capacity(count * labels);
    let mut attributes = Vec::with_capacity(count * labels);
    let mut key = 0u64;
    for _ in 0..count {
        key = key.saturating_add(rest.varint()?);
        let [family] = rest.array()?;
        if key >> KEY_BITS != 0 || family as usize >= Family::COUNT {
            return Err(ModelFileError::Weights(format!("key {key} or family {family} is out of range")));
        }
        terms.push(TermWeights { key, family });
        for _ in 0..labels {
            surprise.push(u16::from_le_bytes(rest.array()?));
            let [attribute] = rest.array()?;
            attributes.push(attribute);
        }
    }
    if !rest.rest.is_empty() {
        return Err(ModelFileError::Weights(format!("{} bytes stand behind the last term", rest.rest.len())));
    }
    Ok(Weights { families, bias, terms, surprise, attributes, lexicon })
}

fn read_family(rest: &mut Reader<'_>, labels: usize) -> Result<FamilyWeights, ModelFileError> {
    let (alpha, terms) = (rest.f32()?, rest.u32()?);
    let mut family = FamilyWeights { weights: Vec::new(), alpha, totals: Vec::new(), terms };
    for _ in 0..labels {
        family.totals.push(rest.f32()?);
        family.weights.push(rest.f32()?);
    }
    Ok(family)
}

/// Appends seven bits a byte, the lowest first, the top bit saying that more follow.
pub fn push_varint(mut value: u64, bytes: &mut Vec<u8>) {
    while value >= 0x80 {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
}

/// Takes values off the front of bytes that may end too early.
pub struct Reader<'b> {
    pub rest: &'b [u8],
}

impl<'b> Reader<'b> {
    pub fn take(&mut self, length: usize) -> Result<&'b [u8], ModelFileError> {
        let (taken, rest) = self
            .rest
            .split_at_checked(length)
            .ok_or_else(|| ModelFileError::Weights(format!("{length} more bytes are expected at the end")))?;
        self.rest = rest;
        Ok(taken)
    }

    pub fn array<const N: usize>(&mut self) -> Result<[u8; N], ModelFileError> {
        let mut array = [0; N];
        array.copy_from_slice(self.take(N)?);
        Ok(array)
    }

    pub fn u32(&mut self) -> Result<u32, ModelFileError> {
        self.array().map(u32::from_le_bytes)
    }

    pub fn f32(&mut self) -> Result<f32, ModelFileError> {
        let value = self.array().map(f32::from_le_bytes)?;
        match value.is_finite() {
            true => Ok(value),
            false => {
                Err(ModelFileError::Weights(format!("{value} stands where a finite number is expected")))
            }
        }
    }

    pub fn varint(&mut self) -> Result<u64, ModelFileError> {
        let mut value = 0;
        for shift in (0..63).step_by(7) {
            let [byte] = self.array()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err(ModelFileError::Weights("a number of more than nine bytes".into()))
    }
}
