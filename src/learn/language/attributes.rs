//! What each n-gram and word counts for each class: class-specific attribute weights (Jiang et al. 2019,
//! "Class-specific attribute weighted naive Bayes"), found by gradient descent on the conditional likelihood with the
//! weights held to one, as for topics (`learn/attributes.rs`).
//!
//! Neighbouring n-grams repeat one another, and some more than others; a name that stands in one language's news
//! more often is no word of it. The counts do not tell, texts that they were not taken from do. A weight is one of a
//! table's row (an n-gram with its shorter endings), so that nothing changes where the model is used.

use rayon::prelude::*;

use super::lessons::Lesson;
use crate::learn::descent::AttributeDescent;
use crate::news::language::table::{MOST_CLASSES, ROW_STEP};

/// How strongly a weight is held to one: of 2, 5 and 10 (with texts that count a hundred thousand together) 10 was
/// best on outlets held out.
const RIDGE: f32 = 10.0;
/// After 20 steps the texts' likelihood hardly grows.
const STEPS: i32 = 25;
const STEP_SIZE: f32 = 0.05;
/// No row may count more than this many times what its counts say.
const MOST: f32 = 4.0;
/// The texts of a fold are worked on in so many parts, whose slopes are added up in order: the same sum on any number
/// of cores.
const PARTS: usize = 4;

/// Some texts of one fold and the slope that they give, by each weight of the fold's rows.
struct Part<'l> {
    fold: usize,
    lessons: &'l [Lesson],
    slope: Vec<f32>,
}

/// The weights that make the classes of `lessons` most likely, one for each weight of a table's rows. `unseen` holds
/// those rows for each fold, in nats and as many as there are `classes`, from counts without that fold's texts.
pub fn weigh(unseen: &[Vec<f32>], mut lessons: Vec<Lesson>, classes: usize) -> Vec<f32> {
    let stride = classes.next_multiple_of(ROW_STEP);
    let unseen: Vec<Vec<f32>> = unseen.iter().map(|rows| padded(rows, classes, stride)).collect();
    let size = unseen.iter().map(Vec::len).max().unwrap_or_default();
    lessons.sort_by_key(|lesson| lesson.fold);
    let mut parts: Vec<Part<'_>> = Vec::new();
    for of_fold in lessons.chunk_by(|one, other| one.fold == other.fold) {
        let fold = of_fold.first().map_or(0, |lesson| lesson.fold);
        let chunks = of_fold.chunks(of_fold.len().div_ceil(PARTS));
        parts.extend(chunks.map(|lessons| Part { fold, lessons, slope: vec![0.0; size] }));
    }
    let mut weights = vec![1.0f32; size];
    let mut descent = AttributeDescent::new(size, STEP_SIZE, MOST);
    let mut slopes = vec![0.0f32; size];
    for step in 1..=STEPS {
        let weighted = |rows: &Vec<f32>| -> Vec<f32> {
            rows.iter().zip(&weights).map(|(value, weight)| value * weight).collect()
        };
        let rows: Vec<Vec<f32>> = unseen.iter().map(weighted).collect();
        parts.par_iter_mut().for_each(|part| {
            part.slope.fill(0.0);
            let rows = rows.get(part.fold).map(Vec::as_slice).unwrap_or_default();
            part.lessons.iter().for_each(|lesson| add_slope(lesson, rows, classes, &mut part.slope));
        });
        // A weight that no text has moved stays one.
        slopes.iter_mut().zip(&weights).for_each(|(slope, weight)| *slope = RIDGE * (weight - 1.0));
        for part in &parts {
            let values = unseen.get(part.fold).map(Vec::as_slice).unwrap_or_default();
            let of_part = part.slope.iter().zip(values).map(|(slope, value)| slope * value);
            slopes.iter_mut().zip(of_part).for_each(|(sum, slope)| *sum += slope);
        }
        descent.step(&mut weights, &slopes, step);
    }
    weights.chunks(stride).flat_map(|row| row.iter().take(classes).copied()).collect()
}

/// Rows of whole vector registers.
fn padded(rows: &[f32], classes: usize, stride: usize) -> Vec<f32> {
    let padding = std::iter::repeat_n(0.0, stride - classes);
    rows.chunks(classes).flat_map(|row| row.iter().copied().chain(padding.clone())).collect()
}

/// Adds the slope of a text's negative log-likelihood by the scores of each row that it meets.
fn add_slope(lesson: &Lesson, rows: &[f32], classes: usize, slope: &mut [f32]) {
    let stride = classes.next_multiple_of(ROW_STEP);
    let mut scores = [0.0f32; MOST_CLASSES];
    for &(row, times) in &lesson.met {
        let start = row as usize * stride;
        let values = rows.get(start..start + stride).unwrap_or_default();
        for (scores, values) in scores.chunks_exact_mut(ROW_STEP).zip(values.chunks_exact(ROW_STEP)) {
            scores.iter_mut().zip(values).for_each(|(score, value)| *score += times * value);
        }
    }
    let Some(errors) = scores.get_mut(..classes) else { return };
    let best = errors.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    errors.iter_mut().for_each(|score| *score = ((*score - best) / lesson.temperature).exp());
    let whole: f32 = errors.iter().sum();
    let times = lesson.weight / lesson.temperature;
    errors.iter_mut().for_each(|part| *part *= times / whole);
    if let Some(own) = errors.get_mut(lesson.class) {
        *own -= times;
    }
    // Past the classes there is padding; its slope moves nothing, for its values are zero.
    scores.iter_mut().skip(classes).for_each(|score| *score = 0.0);
    for &(row, times) in &lesson.met {
        let start = row as usize * stride;
        let slope = slope.get_mut(start..start + stride).unwrap_or_default();
        for (slope, errors) in slope.chunks_exact_mut(ROW_STEP).zip(scores.chunks_exact(ROW_STEP)) {
            slope.iter_mut().zip(errors).for_each(|(slope, error)| *slope += times * error);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lesson(fold: usize, class: usize, row: u32) -> Lesson {
        Lesson { fold, class, weight: 1.0, temperature: 1.0, met: vec![(row, 1.0)] }
    }

    #[test]
    fn what_misleads_counts_less_what_tells_counts_more_and_what_is_not_met_as_before() {
        // Three rows that speak for the first of two classes: the first row is right, the second half of the time,
        // the third is not met.
        let rows = [0.5, -0.5].repeat(3);
        let lessons = || (0..400).flat_map(|n| [lesson(n % 2, 0, 0), lesson(n % 2, n / 2 % 2, 1)]).collect();
        let weights = weigh(&[rows.clone(), rows.clone()], lessons(), 2);
        assert_eq!(weights.len(), rows.len());
        assert!(weights[0] > 1.3 && weights[1] > 1.3, "{weights:?}");
        assert!(weights[2] < 0.7 && weights[3] < 0.7, "{weights:?}");
        assert_eq!(weights[4..], [1.0, 1.0]);
    }

    #[test]
    fn a_text_is_judged_by_the_rows_that_have_not_seen_it() {
        // The first fold's rows say nothing; were its texts judged by the other's, the weights would fall.
        let wrong: Vec<Lesson> = (0..100).map(|_| lesson(0, 1, 0)).collect();
        assert_eq!(weigh(&[vec![0.0, 0.0], vec![1.0, -1.0]], wrong, 2), [1.0, 1.0]);
    }
}
