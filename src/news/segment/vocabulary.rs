//! The words and phrases of `vocabulary.txt`, ready to be looked up.

use std::sync::LazyLock;

use rustc_hash::FxHashMap;

use super::words::{FoldedWord, is_number};

/// What a phrase at the start of a line makes of the line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// A notice, button or legal line: nothing of the news.
    Notice,
    /// The same, where a colon or next to nothing follows: the words open ordinary headlines too.
    NoticeAlone,
    /// A teaser's opening; what stands behind it is another article's headline.
    Related,
    /// The heading of several teasers; a sentence behind it explains it.
    RelatedHeading,
    /// A teaser's opening where a colon follows or nothing: the words open ordinary headlines too.
    RelatedWithColon,
    /// The heading of a list of news, or a label before one of them.
    RibbonHeading,
    /// The same, alone in its line or before the first headline of a row: it opens single headlines too.
    RibbonHeadingAlone,
    /// The heading of the article before or behind this one.
    Pager,
    /// Opens what is no news until the next heading: comments, the author's box, key words.
    Aside,
    /// Closes a teaser.
    Closer,
    /// Opens a dateline.
    Published,
    /// Opens a dateline that tells a later change.
    Updated,
    /// Opens a photo's credit, or the source's.
    Credit,
}

/// Lists of single words (and of agencies' names).
#[derive(Debug, Clone, Copy)]
pub enum List {
    /// Section names, buttons and social networks: a line of nothing else is navigation.
    Navigation,
    /// Small words that stand between section names.
    Between,
    /// Week days, units and what else stands beside a date.
    Time,
    /// News agencies and picture agencies.
    Agency,
    /// Words whose full stop ends no sentence.
    Abbreviation,
    /// Words that a sentence opens with, rather than a name's second half ("LaLiga", "YouTube").
    SentenceOpener,
    /// Places that agencies open a dispatch with.
    DispatchPlace,
    /// Words of the buttons that share an article.
    Share,
    /// What people who write news call themselves.
    Profession,
}

const TEXT: &str = include_str!("vocabulary.txt");

struct Phrase {
    /// The words behind the first.
    rest: Vec<&'static str>,
    mark: Mark,
}

#[derive(Default)]
struct Vocabulary {
    at_start: FxHashMap<&'static str, Vec<Phrase>>,
    /// By their first word, the phrases that make a line a notice wherever they stand in it.
    anywhere: FxHashMap<&'static str, Vec<Vec<&'static str>>>,
    /// Of each word (or agency's name), the lists that hold it, one bit each.
    lists: FxHashMap<&'static str, u16>,
}

static VOCABULARY: LazyLock<Vocabulary> = LazyLock::new(|| {
    let mut vocabulary = Vocabulary::default();
    let mut section = "";
    for line in TEXT.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
        if let Some(name) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            section = name;
            continue;
        }
        for phrase in line.split(',').map(str::trim).filter(|phrase| !phrase.is_empty()) {
            vocabulary.add(section, phrase);
        }
    }
    // The longest phrase decides.
    for phrases in vocabulary.at_start.values_mut() {
        phrases.sort_by_key(|phrase| std::cmp::Reverse(phrase.rest.len()));
    }
    vocabulary
});

impl Vocabulary {
    fn add(&mut self, section: &str, phrase: &'static str) {
        let list = match section {
            "navigation" => Some(List::Navigation),
            "between" => Some(List::Between),
            "time" => Some(List::Time),
            "agency" => Some(List::Agency),
            "abbreviation" => Some(List::Abbreviation),
            "sentence opener" => Some(List::SentenceOpener),
            "dispatch place" => Some(List::DispatchPlace),
            "share" => Some(List::Share),
            "profession" => Some(List::Profession),
            _ => None,
        };
        if let Some(list) = list {
            *self.lists.entry(phrase).or_default() |= list.bit();
            return;
        }
        let mut words = phrase.split(' ');
        let (first, rest) = (words.next().unwrap_or_default(), words.collect());
        match mark(section) {
            Some(mark) => self.at_start.entry(first).or_default().push(Phrase { rest, mark }),
            None => self.anywhere.entry(first).or_default().push(rest),
        }
    }
}

/// The mark that a section of `vocabulary.txt` gives; `None` for "notice anywhere".
fn mark(section: &str) -> Option<Mark> {
    match section {
        "notice" => Some(Mark::Notice),
        "notice alone" => Some(Mark::NoticeAlone),
        "related" => Some(Mark::Related),
        "related heading" => Some(Mark::RelatedHeading),
        "related with colon" => Some(Mark::RelatedWithColon),
        "ribbon heading" => Some(Mark::RibbonHeading),
        "ribbon heading alone" => Some(Mark::RibbonHeadingAlone),
        "pager" => Some(Mark::Pager),
        "aside" => Some(Mark::Aside),
        "closer" => Some(Mark::Closer),
        "published" => Some(Mark::Published),
        "updated" => Some(Mark::Updated),
        "credit" => Some(Mark::Credit),
        _ => None,
    }
}

impl List {
    fn bit(self) -> u16 {
        1 << self as u16
    }
}

/// The bits of the lists that hold a folded word.
fn lists_of(word: &str) -> u16 {
    VOCABULARY.lists.get(word).copied().unwrap_or_default()
}

/// Whether a folded word (or agency's name) is in a list.
pub fn has(list: List, word: &str) -> bool {
    lists_of(word) & list.bit() != 0
}

/// A phrase that a line opens with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Opening {
    pub mark: Mark,
    /// How many of the line's words the phrase has.
    pub words: usize,
}

fn goes_on(words: &[FoldedWord<'_>], rest: &[&str]) -> bool {
    words.len() >= rest.len() && words.iter().zip(rest).all(|((word, _), wanted)| word == wanted)
}

/// The phrases that a line opens with, longest first.
pub fn openings<'w>(words: &'w [FoldedWord<'w>]) -> impl Iterator<Item = Opening> + 'w {
    let (first, behind) = words.split_first().map_or(("", words), |((first, _), behind)| (*first, behind));
    let phrases = VOCABULARY.at_start.get(first).map_or(&[][..], Vec::as_slice);
    phrases
        .iter()
        .filter(move |phrase| goes_on(behind, &phrase.rest))
        .map(|phrase| Opening { mark: phrase.mark, words: phrase.rest.len() + 1 })
}

/// Whether a line says, somewhere in it, what only notices say.
pub fn says_notice(words: &[FoldedWord<'_>]) -> bool {
    (0..words.len()).any(|at| {
        let Some(((first, _), behind)) = words.get(at..).and_then(|rest| rest.split_first()) else {
            return false;
        };
        let phrases = VOCABULARY.anywhere.get(*first);
        phrases.is_some_and(|phrases| phrases.iter().any(|rest| goes_on(behind, rest)))
    })
}

/// How many of a line's words name sections, buttons or networks, and how many are neither those nor numbers nor
/// small words between them.
pub fn navigation_words(words: &[FoldedWord<'_>]) -> (usize, usize) {
    let (mut sections, mut others) = (0, 0);
    for (word, _) in words {
        let lists = lists_of(word);
        if lists & List::Navigation.bit() != 0 {
            sections += 1;
        } else if lists & List::Between.bit() == 0 && !is_number(word) {
            others += 1;
        }
    }
    (sections, others)
}

/// Whether a line is navigation: section names, buttons and networks, nothing else.
pub fn is_navigation(words: &[FoldedWord<'_>]) -> bool {
    let (sections, others) = navigation_words(words);
    sections > 0 && others == 0
}
