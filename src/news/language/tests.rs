//! The stated answers, held against the model that is shipped.

use std::sync::LazyLock;

use super::*;
use crate::news::model_file::ModelFileError;

static SHIPPED: &[u8] = include_bytes!("../../../models/language.model");
static MODEL: LazyLock<LanguageModel> =
    LazyLock::new(|| LanguageModel::read(SHIPPED).expect("the shipped model is whole"));

fn language(code: &str) -> Language {
    Language::new(code).expect("the code is well-formed")
}

#[track_caller]
fn check(text: &str, expected: &str) {
    let verdict = MODEL.identify(text, None);
    assert_eq!(verdict.language.as_str(), expected, "{text:?} {verdict:?}");
}

#[track_caller]
fn check_on_page(text: &str, page: &str, expected: &str) {
    let verdict = MODEL.identify(text, Some(language(page)));
    assert_eq!(verdict.language.as_str(), expected, "{text:?} on a page in {page} {verdict:?}");
}

#[test]
fn plain_headlines_are_in_their_language() {
    check("Le ministre des Finances défend son budget devant les députés", "fr");
    check("La ministra de Hacienda defiende sus presupuestos ante el Congreso", "es");
    check("Finance minister defends his budget before parliament", "en");
    check("Grève des trains : les prévisions pour vendredi", "fr");
    check("Huelga de trenes: así afectará a los viajeros el viernes", "es");
    check("Rail strike: what travellers need to know for Friday", "en");
}

#[test]
fn capitals_and_missing_accents_change_nothing() {
    check("LE MINISTRE DES FINANCES DEFEND SON BUDGET DEVANT LES DEPUTES", "fr");
    check("LA MINISTRA DE HACIENDA DEFIENDE SUS PRESUPUESTOS ANTE EL CONGRESO", "es");
    check("FINANCE MINISTER DEFENDS HIS BUDGET BEFORE PARLIAMENT", "en");
    check("Greve des trains, les previsions pour vendredi", "fr");
    check("El tecnico anuncio la alineacion que jugara manana", "es");
    check("le president e\u{301}lu s'adresse a\u{300} la nation", "fr");
}

#[test]
fn strangers_are_undetermined() {
    check("Kanzler verteidigt den Haushalt vor dem Bundestag", "und");
    check("Il ministro difende la manovra davanti alle Camere", "und");
    check("Ministro defende orçamento e diz que não haverá novos impostos", "und");
    check("El conseller defensa els pressupostos davant dels diputats", "und");
    check("Ministrul de Finanțe apără bugetul în fața deputaților", "und");
    check("Minister verdedigt zijn begroting in de Tweede Kamer", "und");
    check("وزير المالية يدافع عن الموازنة أمام البرلمان", "und");
    check("Maliye bakanı bütçeyi mecliste savundu", "und");
    check("Minister finansów broni budżetu przed posłami", "und");
    check("Finansministern försvarar sin budget inför riksdagen", "und");
    check("A pénzügyminiszter megvédte a költségvetést a parlamentben", "und");
    check("Министр финансов защищает бюджет в парламенте", "und");
    check("财政部长在议会为预算辩护", "und");
    check("財務大臣が予算案を説明", "und");
    check("Ο υπουργός Οικονομικών υπερασπίζεται τον προϋπολογισμό", "und");
}

#[test]
fn neighbours_in_the_style_of_headlines_are_undetermined() {
    check("Detinguts dos joves per l'assalt a una benzinera de Manresa", "und");
    check("Els pagesos tornen a tallar l'autopista", "und");
    check("Això és el que han acordat els dos presidents", "und");
    check("Vaga de mestres: què passarà amb les classes dels més petits", "und");
    check("Os veciños do rural quedan outra vez sen médico", "und");
    check("Lo conse de la vila a pas volgut respondre", "und");
    check("Benfica goleia e sobe ao primeiro lugar", "und");
    check("Rogo in una fabbrica di Bergamo, due feriti", "und");
}

#[test]
fn a_function_word_outweighs_foreign_names() {
    check("Bundesliga : Leipzig tombe à Mönchengladbach", "fr");
    check("Canada : les avocats d'une dirigeante de Huawei exigent des documents", "fr");
    check("Manchester City : Guardiola veut garder Foden", "fr");
    check("El Bayern de Múnich cae en casa ante el Wolfsburgo", "es");
    check("Werder Bremen hold Schalke with a late goal from Füllkrug", "en");
}

#[test]
fn without_a_letter_there_is_no_language_whatever_the_page_speaks() {
    for text in ["", "   ", "12 - 3", "2 024,50 %", "📈📉", "— … !", "https://example.com/fr/le-monde"]
    {
        let verdict = MODEL.identify(text, Some(language("fr")));
        assert_eq!((verdict.language, verdict.confidence), (Language::UND, 1.0), "{text:?}");
    }
}

#[test]
fn addresses_are_not_heard() {
    check("Les députés votent la loi https://www.example.com/the-house-passes-the-bill", "fr");
    check("Los diputados aprueban la ley, escriba a the.newsroom@example.com", "es");
    check("🔴 Le gouvernement annonce un plan pour l'hôpital 🏥", "fr");
}

#[test]
fn names_alone_take_the_language_of_their_page() {
    for page in ["fr", "es", "en"] {
        check_on_page("Real Madrid - Manchester City", page, page);
        check_on_page("Boca Juniors - River Plate", page, page);
    }
}

#[test]
fn names_alone_without_a_page_are_a_guess_that_says_so() {
    for text in ["Real Madrid - Manchester City", "Naomi Osaka - Iga Swiatek", "Toyota, Nissan, Honda"] {
        let verdict = MODEL.identify(text, None);
        assert!(verdict.confidence < 0.97, "{text:?} {verdict:?}");
    }
}

#[test]
fn a_clear_headline_keeps_its_language_on_another_page() {
    check_on_page("La ministra de Hacienda defiende sus presupuestos ante el Congreso", "fr", "es");
    check_on_page("Le ministre des Finances défend son budget devant les députés", "en", "fr");
    check_on_page("Finance minister defends his budget before parliament", "es", "en");
    check_on_page("Kanzler verteidigt den Haushalt vor dem Bundestag", "fr", "und");
    check_on_page("Finance minister defends his budget before parliament", "und", "en");
    check_on_page("Il ministro difende la manovra davanti alle Camere", "und", "und");
}

#[test]
fn one_word_is_told_by_the_page_where_it_may_be_of_both() {
    check("Élections", "fr");
    check("Elecciones", "es");
    check("Weather", "en");
    check_on_page("Culture", "fr", "fr");
    check_on_page("Culture", "en", "en");
    check_on_page("Opinión", "es", "es");
}

#[test]
fn a_mixed_item_is_in_the_language_of_most_of_its_words() {
    check("Le film « Gone with the Wind » ressort en salles dans toute la France", "fr");
    check("La película 'Singing in the Rain' vuelve a los cines de todo el país", "es");
    check("The president says au revoir after ten years in office", "en");
    check("El grupo de rap publica su nuevo single con una banda de Chicago", "es");
}

#[test]
fn a_page_speaks_what_most_of_it_speaks() {
    let french = ["Le gouvernement présente son budget", "La grève se poursuit dans les transports"];
    let spanish = ["El gobierno presenta sus presupuestos", "La huelga continúa en los transportes"];
    let german = ["Die Regierung stellt den Haushalt vor", "Der Streik im Nahverkehr geht weiter"];
    let page = |texts: &[&str]| MODEL.page_language(texts.iter().copied());
    assert_eq!(page(&french), Some(language("fr")));
    assert_eq!(page(&spanish), Some(language("es")));
    assert_eq!(page(&german), Some(Language::UND));
    assert_eq!(page(&[french, spanish].concat()), None);
    assert_eq!(page(&["PSG - OM", "12 - 3"]), None, "one short text says no more than itself");
    assert_eq!(page(&[]), None);
}

#[test]
fn a_page_in_a_language_unheard_of_changes_nothing() {
    let text = "Finance minister defends his budget";
    assert_eq!(MODEL.identify(text, Some(language("sv"))), MODEL.identify(text, None));
}

#[test]
fn witnesses_speak_in_their_order() {
    let told = MODEL.witnesses("Le ministre défend son budget", Some(language("fr")));
    let names: Vec<&str> = told.iter().map(|witness| witness.name).collect();
    assert_eq!(names, ["n-grams and words", "page", "whatlang"]);
    assert!(told.iter().all(|witness| witness.language == Some(language("fr"))), "{told:?}");
    assert!(told.iter().all(|witness| !witness.says.is_empty()));
}

#[test]
fn the_shipped_model_writes_itself_back() {
    assert_eq!(MODEL.write(), SHIPPED);
    let codes: Vec<&str> = MODEL.languages().iter().map(Language::as_str).collect();
    assert_eq!(codes, ["en", "es", "fr"]);
}

#[test]
fn weights_cut_short_or_drawn_out_are_refused() {
    let header = || MODEL.header().clone();
    let (_, weights) = crate::news::model_file::read(SHIPPED, crate::news::model_file::ModelKind::Language)
        .expect("the shipped model is whole");
    for length in [0, 3, 40, weights.len() - 1] {
        let cut = weights.get(..length).expect("the length is within the weights");
        let error =
            LanguageModel::read(&crate::news::model_file::write(header(), cut).1).expect_err("it is cut");
        assert!(matches!(error, ModelFileError::Weights(_)), "{error}");
    }
    let longer = [weights, b"!"].concat();
    assert!(LanguageModel::read(&crate::news::model_file::write(header(), &longer).1).is_err());
}

#[test]
fn probabilities_add_up_to_one() {
    for text in ["Oui", "Real Madrid", "Le ministre", "Kanzler", "ħ ŋ đ", &"mot ".repeat(5_000)] {
        let belief = MODEL.believe(&MODEL.parts.tally(text), None);
        let sum: f64 = belief.probabilities().sum();
        assert!((sum - 1.0).abs() < 1e-9, "{text:?} {sum}");
        assert!((0.0..=1.0).contains(&belief.best().1));
    }
}

proptest::proptest! {
    #[test]
    fn any_text_has_a_verdict(text in "\\PC*") {
        let verdict = MODEL.identify(&text, None);
        proptest::prop_assert!((0.0..=1.0).contains(&verdict.confidence));
    }

    #[test]
    fn any_bytes_are_a_model_or_an_error(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..400)) {
        let file = crate::news::model_file::write(MODEL.header().clone(), &bytes).1;
        proptest::prop_assert!(LanguageModel::read(&file).is_err());
    }
}
