//! What must never happen, on generated input: the fuzz targets' entry points, fed with pages made of the pieces
//! that pages are made of, with arbitrary text, and with arbitrary bytes.

use newswire::fuzzing;
use newswire::news::segment::segment;
use proptest::prelude::*;
use rustix::time::ClockId;

/// Pieces of pages: headlines, sentences, furniture, separators, and what breaks careless cutting.
const PIECES: &[&str] = &[
    "Le ministre arrive à Rabat",
    "Un accord sur la pêche",
    "La paix.",
    "The council voted on Tuesday",
    "El puerto bate su récord",
    "EE. UU. y Ecuador",
    "« Un premier pas »",
    "«7 scènes»",
    "mise en scèneLe président",
    "selon la KCNASEOUL - Le dirigeant",
    "»INTERVIEW. Les deux",
    "LaLiga",
    "M. Poutine a dit. Il part",
    "Selon des sources proches du dossier, la rencontre a duré plus de deux heures et s'est achevée sans communiqué.",
    "The yard employs forty people and builds ferries. It will launch a hydrogen boat in June, if the crane holds.",
    "Lire aussi : ",
    "Lire la suite »",
    "Read more",
    "Read more: ",
    "Te puede interesar",
    "Similar news:",
    "Lire aussi",
    "Publié dans Le Quotidien le 13 - 09 - 2023",
    "By Tom Reed, 3 May 2024",
    "3 de mayo de 2024",
    "2024-05-03",
    "14:32 ",
    "09h05 | ",
    "1. ",
    "2. ",
    "3. ",
    "1",
    "2",
    "12 commentaires",
    "Comments",
    "Next Post",
    "Siguiente: ",
    "Un accord sur la pêche | Le Quotidien",
    "Accueil > Le ministre arrive à Rabat",
    "Ann Lee",
    "Business reporter",
    "3 hours ago",
    "Share",
    "Il reste.",
    "(Updates with quotes)",
    "The pier in May. Ann Lee/The Post",
    "← ",
    "©AFP",
    " / Reuters",
    "(Photo: EFE)",
    "Photo: ",
    "Accueil",
    "Sport",
    "News",
    "Flash info : ",
    "Dernières nouvelles",
    "SOURCE: AFP",
    "Partager sur Facebook",
    "E.Rodriguez--AT",
    "www.example.com",
    "#tag",
    "@me",
    "Par Amine",
    "M.",
    "le",
    "et",
    "a",
    "B",
    "é",
    "2",
    "Ю",
    "中文字符测试",
    "مرحبا بالعالم",
    "😀",
    "🔴",
    "***",
    "+++ ",
    "// ",
    "* ",
    "- ",
    "– ",
    " - ",
    " | ",
    " • ",
    "•",
    " / ",
    " > ",
    "»",
    " »",
    "« ",
    "\"",
    "(",
    ")",
    "[",
    "]",
    "…",
    "...",
    ".",
    ". ",
    " : ",
    " ?",
    " !",
    " ",
    "  ",
    "    ",
    "\t",
    "\u{a0}",
    "\u{a0}\u{a0}",
    "\n",
    "\n",
    "\n",
    "\n\n",
    "\r\n",
    "\r",
    "\u{b}",
    "\u{85}",
    "\u{2028}",
    "\0",
    "\u{200b}",
    "\u{ad}",
    "\u{feff}",
    "&amp;",
    "&nbsp;",
    "&#10;",
    "&lt;",
    "&",
    "e\u{301}",
    "İ",
    "ß",
];

fn page() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        8 => prop::sample::select(PIECES).prop_map(str::to_owned),
        1 => any::<char>().prop_map(String::from),
        1 => "[a-zé]{1,12}( [a-zA-Zé]{1,12}){0,40}",
    ];
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn segmenting_pages_keeps_its_promises(text in page(), title in prop::option::of(page())) {
        fuzzing::check_segments(&text, title.as_deref(), &segment(&text, title.as_deref()));
    }

    #[test]
    fn segmenting_any_text_keeps_its_promises(text in any::<String>()) {
        fuzzing::check_segments(&text, None, &segment(&text, None));
    }

    #[test]
    fn segmenting_any_bytes_keeps_its_promises(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        fuzzing::segment_page(&bytes);
    }

    #[test]
    fn any_bytes_decode_or_say_why_not(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        fuzzing::page_decode(&bytes);
    }

    #[test]
    fn any_json_object_decodes_or_says_why_not(value in json_object()) {
        fuzzing::page_decode(value.as_bytes());
    }

    #[test]
    fn any_text_tokenizes(text in page()) {
        fuzzing::tokenize(text.as_bytes());
    }

    #[test]
    fn any_bytes_are_a_model_or_an_error(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        fuzzing::model_read(&bytes);
    }

    #[test]
    fn any_text_is_settings_or_an_error(text in settings()) {
        fuzzing::config(text.as_bytes());
    }
}

/// Objects with the input's fields holding anything, cut off now and then.
fn json_object() -> impl Strategy<Value = String> {
    let name =
        prop::sample::select(&["id", "url", "source", "title", "text", "published", "fetched", "other"][..]);
    let value = prop_oneof![
        3 => page().prop_map(|text| serde_json::Value::from(text).to_string()),
        2 => prop::sample::select(&["null", "true", "1", "-1.5e9", "[]", "{}", "[[1]]", "\"\"", "\"\\ud800\"", "{\"a\":{}}"][..])
            .prop_map(str::to_owned),
    ];
    let fields = prop::collection::vec((name, value), 0..8);
    (fields, 0..100_usize).prop_map(|(fields, cut)| {
        let fields: Vec<String> =
            fields.into_iter().map(|(name, value)| format!("{name:?}:{value}")).collect();
        let whole = format!("{{{}}}", fields.join(","));
        let kept = if cut < 10 { whole.chars().count() * cut / 10 } else { usize::MAX };
        whole.chars().take(kept).collect()
    })
}

/// Lines of TOML, some with keys that there are.
fn settings() -> impl Strategy<Value = String> {
    let line = prop_oneof![
        prop::sample::select(
            &[
                "[kafka]",
                "[topics]",
                "[batch]",
                "[http]",
                "[kafka.consumer]",
                "[output]",
                "[[topics]]",
                "delivery = \"exactly-once\"",
                "delivery = 3",
                "\"bootstrap.servers\" = \"x\"",
                "input = \"pages\"",
                "create = true",
                "max_pages = 0",
                "max_pages = -1",
                "listen = \"127.0.0.1:0\"",
                "listen = \"nowhere\"",
                "evidence = 999999999999999999999",
            ][..]
        )
        .prop_map(str::to_owned),
        "[a-z_.\"=\\[\\] 0-9]{0,30}",
    ];
    prop::collection::vec(line, 0..8).prop_map(|lines| lines.join("\n"))
}

/// Linear: twenty times the text takes about twenty times the work, in the shapes that would show a loop in a
/// loop. Work is the thread's own processor time, which a busy machine does not change, with a margin of eight.
#[test]
fn a_page_twenty_times_as_long_takes_about_twenty_times_the_work() {
    for shape in [
        "Un titre de plus\nUne phrase de plus de six mots ici.\n",
        "aB",
        "A b.\n",
        "- x\n",
        " »",
        "| ",
        "&",
        "1. Abc def ghi\n2. Abc def ghi\n",
        "Un titre - de plus | encore un • et puis / voila  double   triple\tx",
        "Lire aussi : ",
        "Lire la suite\n",
        "a. ",
        "\u{200b}",
        ".) ",
        "Un titre de plus\nLire la suite\n",
        "le 3 mai 2024\n",
        "Un titre de plus    ",
        "A  b | C d e f • ",
        "ABCDEFSEOUL - ",
        "« ",
    ] {
        let small = shape.repeat(5_000 / shape.len());
        let large = small.repeat(20);
        let work_us = |text: &str| {
            let runs = (0..3).map(|_| {
                let start = rustix::time::clock_gettime(ClockId::ThreadCPUTime);
                std::hint::black_box(segment(text, None));
                let end = rustix::time::clock_gettime(ClockId::ThreadCPUTime);
                (end.tv_sec - start.tv_sec) * 1_000_000 + (end.tv_nsec - start.tv_nsec) / 1_000
            });
            runs.min().unwrap_or_default()
        };
        let (small, large) = (work_us(&small).max(100), work_us(&large));
        assert!(large < small * 20 * 8, "{shape:?}: {small} µs for 5 kB, {large} µs for 100 kB");
    }
}
