//! The second witness: whatlang, which knows 69 languages from tables of its own. The one file that names it.

use whatlang::{Detector, Lang};

use super::Language;

/// What whatlang says of a text.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Opinion {
    pub language: Language,
    /// Its own figure, 0 to 1; not a probability.
    pub confidence: f64,
}

/// The strangers that whatlang is asked about beside the model's own languages. Its time grows with their number
/// (300 µs for all that it knows, 60 for these), and a stranger that is not among them is taken for one that is.
const NEIGHBOURS: [Lang; 7] = [Lang::Por, Lang::Ita, Lang::Cat, Lang::Ron, Lang::Deu, Lang::Nld, Lang::Swe];

/// Asks whatlang, among `own` languages and their neighbours; `None` where it finds none. It may answer with
/// another language all the same where the script tells it.
pub fn ask(text: &str, own: &[Language]) -> Option<Opinion> {
    let is_own = |lang: &Lang| language_of(*lang).is_some_and(|language| own.contains(&language));
    let ours = Lang::all().iter().copied().filter(|lang| is_own(lang) && !NEIGHBOURS.contains(lang));
    let info = Detector::with_allowlist(ours.chain(NEIGHBOURS).collect()).detect(text)?;
    let language = language_of(info.lang())?;
    Some(Opinion { language, confidence: info.confidence().clamp(0.0, 1.0) })
}

/// whatlang writes ISO 639-3, corpora the shorter ISO 639-1 where there is one.
fn language_of(lang: Lang) -> Option<Language> {
    let code = match lang.code() {
        "epo" => "eo",
        "eng" => "en",
        "rus" => "ru",
        "cmn" => "zh",
        "spa" => "es",
        "por" => "pt",
        "ita" => "it",
        "ben" => "bn",
        "fra" => "fr",
        "deu" => "de",
        "ukr" => "uk",
        "kat" => "ka",
        "ara" => "ar",
        "hin" => "hi",
        "jpn" => "ja",
        "heb" => "he",
        "yid" => "yi",
        "pol" => "pl",
        "amh" => "am",
        "jav" => "jv",
        "kor" => "ko",
        "nob" => "nb",
        "dan" => "da",
        "swe" => "sv",
        "fin" => "fi",
        "tur" => "tr",
        "nld" => "nl",
        "hun" => "hu",
        "ces" => "cs",
        "ell" => "el",
        "bul" => "bg",
        "bel" => "be",
        "mar" => "mr",
        "kan" => "kn",
        "ron" => "ro",
        "slv" => "sl",
        "hrv" => "hr",
        "srp" => "sr",
        "mkd" => "mk",
        "lit" => "lt",
        "lav" => "lv",
        "est" => "et",
        "tam" => "ta",
        "vie" => "vi",
        "urd" => "ur",
        "tha" => "th",
        "guj" => "gu",
        "uzb" => "uz",
        "pan" => "pa",
        "aze" => "az",
        "ind" => "id",
        "tel" => "te",
        "pes" => "fa",
        "mal" => "ml",
        "ori" => "or",
        "mya" => "my",
        "nep" => "ne",
        "sin" => "si",
        "khm" => "km",
        "tuk" => "tk",
        "aka" => "ak",
        "zul" => "zu",
        "sna" => "sn",
        "afr" => "af",
        "lat" => "la",
        "slk" => "sk",
        "cat" => "ca",
        "tgl" => "tl",
        "hye" => "hy",
        other => other,
    };
    Language::new(code)
}
