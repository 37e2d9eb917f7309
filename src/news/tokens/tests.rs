use proptest::prelude::*;

use super::*;
use crate::news::lexicon::Mark;

/// The words of a headline as the tokenizer folds them.
fn words(headline: &str) -> Vec<String> {
    let mut terms = Terms::default();
    terms.split(headline);
    let text = |word: &Word| {
        String::from_utf8_lossy(terms.folded.get(word.start as usize..word.end as usize).unwrap_or_default())
            .into_owned()
    };
    terms.words.iter().map(text).collect()
}

#[track_caller]
fn check(headline: &str, expected: &[&str]) {
    assert_eq!(words(headline), expected);
}

#[test]
fn words_are_folded_and_elisions_cut() {
    check("L'Espagne reçoit l’Équateur", &["espagne", "recoit", "equateur"]);
    check("Qu’est-ce qu'il reste d'Axa ?", &["est", "ce", "il", "reste", "axa"]);
    check("Trump's plan: the world’s view", &["trump", "plan", "the", "world", "view"]);
    check("Aujourd'hui", &["aujourd", "hui"]);
    check("¡España, campeón!", &["espana", "campeon"]);
}

#[test]
fn initials_are_one_word() {
    check("U.S. and U.N. talks", &["us", "and", "un", "talks"]);
    check("EE.UU. sanciona", &["ee", "uu", "sanciona"]);
    check("Le G20 et la 5G", &["le", "g20", "et", "la", "5g"]);
}

#[test]
fn signs_of_money_and_share_are_words() {
    check("Up 3% to $40 and 5 €", &["up", "3", "%", "to", "$", "40", "and", "5", "€"]);
    check("", &[]);
    check("… — !", &[]);
}

fn keys(headline: &str, family: Family) -> Vec<u64> {
    let mut terms = Terms::default();
    let terms = terms.of(headline, &Lexicon::default());
    terms.iter().filter(|term| term.family == family).map(|term| term.key).collect()
}

#[test]
fn numbers_of_a_kind_are_one_term() {
    assert_eq!(keys("1987", Family::Word), keys("1998", Family::Word));
    assert_ne!(keys("1987", Family::Word), keys("2024", Family::Word));
    assert_eq!(keys("37", Family::Word), keys("41", Family::Word));
    assert_ne!(keys("37", Family::Word), keys("413", Family::Word));
}

#[test]
fn shapes_keep_what_folding_hides() {
    let shape = |headline| keys(headline, Family::Shape);
    assert!(shape("the talks of us all").is_empty());
    assert_eq!(shape("the US talks").len(), 1);
    assert!(shape("ALL CAPITALS TELL NOTHING").is_empty());
    assert_eq!(shape("Raja 2-1 Wydad"), shape("Betis 3-0 Cadix"));
    assert_eq!(shape("Liga: empate").len(), 1);
}

#[test]
fn the_lexicons_longest_term_wins_and_marks_meet() {
    let club = Mark { name: "club".into(), family: Family::Kind };
    let state = Mark { name: "state".into(), family: Family::Kind };
    let lexicon = Lexicon::new([("real", &state), ("real madrid", &club), ("maroc", &state)], []);
    let mut terms = Terms::default();
    let terms = terms.of("Le Real Madrid au Maroc", &lexicon);
    let found = |family| terms.iter().filter(|term| term.family == family).collect::<Vec<_>>();
    let kinds = found(Family::Kind);
    assert_eq!(kinds.len(), 2);
    assert_eq!((kinds[0].from, kinds[0].to), (3, 14));
    assert_eq!(found(Family::Conjunction).len(), 1);
}

#[test]
fn countries_are_counted_once_each_and_their_number_meets_the_other_marks() {
    let verb = Mark { name: "meet_verb".into(), family: Family::Kind };
    let countries = [("rabat", "ma"), ("maroc", "ma"), ("madrid", "es"), ("lima", "pe"), ("quito", "ec")];
    let lexicon = Lexicon::new([("reçoit", &verb)], countries);
    let mut terms = Terms::default();
    let mut marks = |headline: &str| {
        let found = terms.of(headline, &lexicon).iter();
        let name = |mark| lexicon.mark(mark).map(|mark| mark.name.as_str()).unwrap_or_default();
        let marked = found.filter(|term| matches!(term.family, Family::Kind | Family::Conjunction));
        marked.map(|term| (name(term.marks.0).to_owned(), name(term.marks.1).to_owned())).collect::<Vec<_>>()
    };
    let pair = |one: &str, two: &str| (one.to_owned(), two.to_owned());
    assert_eq!(marks("Rien ici"), []);
    assert_eq!(marks("Rabat, Maroc"), [pair("one country", "one country")]);
    assert_eq!(
        marks("Madrid reçoit Rabat"),
        [
            pair("meet_verb", "meet_verb"),
            pair("meet_verb", "two countries"),
            pair("two countries", "two countries")
        ]
    );
    let many = "three countries or more";
    assert_eq!(marks("Lima, Quito, Rabat et Madrid"), [pair(many, many)]);
}

proptest! {
    #[test]
    fn any_text_has_terms_that_lie_within_it(text in "\\PC{0,80}") {
        let club = Mark { name: "club".into(), family: Family::Kind };
        let lexicon = Lexicon::new([("a", &club), ("e a", &club)], [("a", "fr"), ("e", "es")]);
        let mut terms = Terms::default();
        for term in terms.of(&text, &lexicon) {
            prop_assert!(text.get(term.from as usize..term.to as usize).is_some_and(|text| !text.is_empty()));
        }
    }

    #[test]
    fn the_same_text_has_the_same_terms_whatever_came_before(one in "\\PC{0,40}", two in "\\PC{0,40}") {
        let mut used = Terms::default();
        used.of(&one, &Lexicon::default());
        let again = used.of(&two, &Lexicon::default()).to_vec();
        let mut fresh = Terms::default();
        prop_assert_eq!(again, fresh.of(&two, &Lexicon::default()));
    }
}
