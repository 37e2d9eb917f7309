//! Class sums to the log-probabilities of multinomial naive Bayes. The one file that names linfa.
//!
//! Multinomial counts add, so the rows of a class may be summed before fitting: one row a class gives the same
//! feature probabilities as all its rows would, the class prior being a count of its own.

use std::fs::File;
use std::sync::{Mutex, PoisonError};

use linfa::DatasetBase;
use linfa::traits::Fit;
use linfa_bayes::{MultinomialNb, NaiveBayes};
use ndarray::{Array1, Array2};

/// Why a fit failed.
#[derive(Debug, thiserror::Error)]
pub enum BayesError {
    #[error("naive Bayes needs at least one class and one feature, there are {classes} and {features}")]
    Nothing { classes: usize, features: usize },
    #[error("linfa-bayes refuses the counts: {0}")]
    Refused(#[from] linfa_bayes::NaiveBayesError),
    #[error("standard error cannot be set aside for the time of a fit: {0}")]
    StandardError(#[from] std::io::Error),
}

/// The smoothing that is asked of linfa-bayes, which panics on none. Callers put their own pseudo-counts into the
/// rows (they may differ by feature); this one only keeps a count of zero from being a logarithm of zero.
const LEAST_ALPHA: f64 = 1e-9;
/// How many features are fitted at a time.
const BLOCK: usize = 256;

/// Fits `sums` (one row a class, one column a feature; counts and pseudo-counts, which need not be whole
/// numbers). Returns `ln P(feature | class)` in the same shape.
///
/// linfa-bayes keeps its log-probabilities to itself; what it tells is the joint log-likelihood of rows. A row with
/// one occurrence of one feature brings that feature's out. To do so for all of them at once would take a square
/// matrix of features, so the features are fitted in blocks, each with a last column for the counts of all others:
/// the probabilities within a block are the same as in one fit of the whole.
pub fn feature_log_probabilities(sums: &Array2<f64>) -> Result<Array2<f64>, BayesError> {
    let (classes, features) = sums.dim();
    if classes == 0 || features == 0 {
        return Err(BayesError::Nothing { classes, features });
    }
    let totals = sums.sum_axis(ndarray::Axis(1));
    let mut fitted = Array2::zeros((classes, features));
    for start in (0..features).step_by(BLOCK) {
        let width = BLOCK.min(features - start);
        let block = sums.slice(ndarray::s![.., start..start + width]);
        let mut rows = Array2::zeros((classes, width + 1));
        rows.slice_mut(ndarray::s![.., ..width]).assign(&block);
        let rest = &totals - &block.sum_axis(ndarray::Axis(1));
        rows.column_mut(width).assign(&rest.mapv(|count| count.max(0.0)));
        let lifted = fit_block(rows)?;
        fitted
            .slice_mut(ndarray::s![.., start..start + width])
            .assign(&lifted.slice(ndarray::s![.., ..width]));
    }
    Ok(fitted)
}

fn fit_block(rows: Array2<f64>) -> Result<Array2<f64>, BayesError> {
    let (classes, features) = rows.dim();
    let dataset = DatasetBase::new(rows, Array1::from_iter(0..classes));
    let parameters = MultinomialNb::<f64, usize>::params().alpha(LEAST_ALPHA);
    let model = quietly(|| parameters.fit(&dataset))??;
    let one_of_each = Array2::eye(features);
    // With one row a class, every class's prior is the same.
    let prior = -(classes as f64).ln();
    let mut lifted = Array2::zeros((classes, features));
    for (&&class, likelihoods) in &model.joint_log_likelihood(one_of_each.view()) {
        lifted.row_mut(class).assign(&likelihoods.mapv(|likelihood| likelihood - prior));
    }
    Ok(lifted)
}

/// Runs `fit` with standard error sent nowhere: linfa-bayes 0.8.1 holds a stray `dbg!` that prints every class's
/// whole table.
fn quietly<T>(fit: impl FnOnce() -> T) -> std::io::Result<T> {
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _turn = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let kept = rustix::io::dup(rustix::stdio::stderr())?;
    rustix::stdio::dup2_stderr(File::options().write(true).open("/dev/null")?)?;
    let fitted = fit();
    rustix::stdio::dup2_stderr(kept)?;
    Ok(fitted)
}

/// What linfa itself scores the rows with that it was fitted to: for each row and class ln P(class) plus the sum of
/// its features' log-probabilities. For tests that hold our scores against linfa's.
#[cfg(test)]
pub fn joint_log_likelihoods(
    rows: &Array2<f64>,
    classes: &[usize],
    alpha: f64,
) -> Result<Array2<f64>, BayesError> {
    let dataset = DatasetBase::new(rows.clone(), Array1::from(classes.to_vec()));
    let parameters = MultinomialNb::<f64, usize>::params().alpha(alpha);
    let model = quietly(|| parameters.fit(&dataset))??;
    let likelihoods = model.joint_log_likelihood(rows.view());
    Ok(Array2::from_shape_fn((rows.nrows(), likelihoods.len()), |(row, class)| {
        likelihoods.get(&class).and_then(|rows| rows.get(row)).copied().unwrap_or(f64::NAN)
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn log_probabilities_are_the_logarithms_of_shares() {
        // Wider than a block, so that the rest column is put to use.
        let sums = Array2::from_shape_fn((3, BLOCK * 2 + 7), |(class, feature)| {
            ((class * 31 + feature * 17) % 23) as f64 + 0.25
        });
        let fitted = feature_log_probabilities(&sums).expect("the counts are positive");
        for ((class, feature), &count) in sums.indexed_iter() {
            let expected = (count / sums.row(class).sum()).ln();
            let found = fitted.get((class, feature)).copied().unwrap_or_default();
            assert!((found - expected).abs() < 1e-6, "class {class} feature {feature}: {found} {expected}");
        }
    }

    #[test]
    fn nothing_to_fit_is_refused() {
        assert!(feature_log_probabilities(&Array2::zeros((0, 3))).is_err());
        assert!(feature_log_probabilities(&Array2::zeros((3, 0))).is_err());
    }
}
