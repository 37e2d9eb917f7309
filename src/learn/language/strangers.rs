//! Which class of the table each stranger's language counts for.
//!
//! A stranger with much text is a class of its own. One with a few lines is counted with the large one that it is
//! most like: Galician with Portuguese, Czech with Polish. So a table of fifteen classes knows fifty languages,
//! each well enough to be told from the model's own.

use std::collections::BTreeMap;

use super::counts::Counts;
use crate::news::language::Language;

/// A stranger with at least this many texts is a class of its own.
const LARGE_TEXTS: usize = 300;
/// The most that a small stranger's counts are multiplied by, so that the names in a few lines do not become
/// words of its language.
const MOST_TIMES: f64 = 10.0;

/// The strangers that are counted together, the one that the class is named for first.
pub type Group = Vec<Language>;

/// Groups strangers, given each one's number of texts and its counts. Where none is large, each is a class of its
/// own.
pub fn group(strangers: &BTreeMap<Language, (usize, Counts)>) -> Vec<Group> {
    let is_large = |texts: usize| texts >= LARGE_TEXTS;
    let mut groups: Vec<Group> = strangers
        .iter()
        .filter(|(_, (texts, _))| is_large(*texts))
        .map(|(&language, _)| vec![language])
        .collect();
    if groups.is_empty() {
        return strangers.keys().map(|&language| vec![language]).collect();
    }
    let large: Vec<&Counts> = groups
        .iter()
        .flatten()
        .filter_map(|language| strangers.get(language))
        .map(|(_, counts)| counts)
        .collect();
    let mut joined: Vec<(usize, Language)> = Vec::new();
    for (&language, (_, counts)) in strangers.iter().filter(|(_, (texts, _))| !is_large(*texts)) {
        let likenesses = large.iter().map(|large| likeness(counts, large)).enumerate();
        let nearest = likenesses.max_by(|one, other| one.1.total_cmp(&other.1)).map_or(0, |(place, _)| place);
        joined.push((nearest, language));
    }
    for (place, language) in joined {
        if let Some(group) = groups.get_mut(place) {
            group.push(language);
        }
    }
    groups
}

/// The cosine of two languages' n-gram counts, 0 to 1.
fn likeness(one: &Counts, other: &Counts) -> f64 {
    // Summed in the order of the keys, for a sum of floats depends on its order.
    let mut keys: Vec<u64> = one.keys().copied().collect();
    keys.sort_unstable();
    let of = |counts: &Counts, key: u64| f64::from(counts.get(&key).copied().unwrap_or_default());
    let product: f64 = keys.iter().map(|&key| of(one, key) * of(other, key)).sum();
    let mut squares: Vec<f32> = other.values().map(|count| count * count).collect();
    squares.sort_unstable_by(f32::total_cmp);
    let length = squares.iter().map(|&square| f64::from(square)).sum::<f64>().sqrt();
    product / length.max(1.0)
}

/// The counts of a group: the first language's, and as much again shared out among those that join it.
pub fn together(members: &[Counts]) -> Counts {
    let total = |counts: &Counts| counts.values().map(|&count| f64::from(count)).sum::<f64>();
    let Some((first, joining)) = members.split_first() else { return Counts::default() };
    let mut whole = first.clone();
    let share = total(first) / joining.len().max(1) as f64;
    for counts in joining {
        let times = (share / total(counts).max(1.0)).min(MOST_TIMES) as f32;
        counts.iter().for_each(|(&key, &count)| *whole.entry(key).or_default() += count * times);
    }
    whole
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(pairs: &[(u64, f32)]) -> Counts {
        pairs.iter().copied().collect()
    }

    fn language(code: &str) -> Language {
        Language::new(code).expect("the code is well-formed")
    }

    #[test]
    fn small_strangers_join_the_large_one_they_are_most_like() {
        let strangers = BTreeMap::from([
            (language("gl"), (5, counts(&[(1, 2.0), (3, 1.0)]))),
            (language("pl"), (900, counts(&[(7, 9.0), (8, 9.0)]))),
            (language("pt"), (900, counts(&[(1, 9.0), (2, 9.0)]))),
        ]);
        assert_eq!(group(&strangers), [vec![language("pl")], vec![language("pt"), language("gl")]]);
    }

    #[test]
    fn without_a_large_stranger_each_is_a_class() {
        let strangers = BTreeMap::from([
            (language("de"), (5, counts(&[(1, 2.0)]))),
            (language("it"), (5, counts(&[(1, 2.0)]))),
        ]);
        assert_eq!(group(&strangers).len(), 2);
    }

    #[test]
    fn those_who_join_weigh_as_much_as_the_first_but_never_grow_beyond_measure() {
        let large = counts(&[(1, 100.0)]);
        assert_eq!(together(&[large.clone(), counts(&[(2, 50.0)])]), counts(&[(1, 100.0), (2, 100.0)]));
        assert_eq!(together(&[large, counts(&[(2, 1.0)])]), counts(&[(1, 100.0), (2, 10.0)]));
    }
}
