//! The second witness: whatlang, which knows 69 languages from tables of its own. The one file that names it.

use whatlang::Lang;

use super::Language;

/// What whatlang says of a text.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Opinion {
    pub language: Language,
    /// Its own figure, 0 to 1; not a probability.
    pub confidence: f64,
}

/// Asks whatlang among all the languages that it knows; `None` where it finds none.
pub fn ask(text: &str) -> Option<Opinion> {
    let info = whatlang::detect(text)?;
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
