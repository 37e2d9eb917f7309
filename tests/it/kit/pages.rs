//! Generated pages whose items are known: the same for the same seed and number, so that a judge needs no list.

use serde_json::json;

use super::Dice;

/// A page to feed, and what is due for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FedPage {
    pub number: usize,
    pub partition: i32,
    pub key: Option<Vec<u8>>,
    pub value: Option<Vec<u8>>,
    /// The value of the header `trace`.
    pub trace: String,
    pub due: Due,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Due {
    /// The items' texts in page order.
    Items(Vec<String>),
    /// The reason's code.
    DeadLetter(&'static str),
}

/// Larger pages are refused by the services that the tests start.
pub const MAX_PAGE_BYTES: usize = 60_000;

/// One page in so many is bad.
const BAD_ONE_IN: usize = 100;

const MOST_ITEMS: usize = 60;

/// The page of this number. `partitions` is the input topic's.
pub fn page(seed: u64, number: usize, partitions: i32) -> FedPage {
    let mut dice = Dice::new(seed ^ (number as u64).wrapping_mul(0xD134_2543_DE82_EF95));
    let (value, due) =
        if dice.below(BAD_ONE_IN) == 0 { bad(&mut dice, number) } else { sound(&mut dice, number) };
    FedPage {
        number,
        partition: (number % partitions as usize) as i32,
        // A few pages have no key, as some scrapers send none.
        key: (dice.below(10) > 0).then(|| format!("outlet-{}", dice.below(40)).into_bytes()),
        value,
        trace: format!("trace-{number}"),
        due,
    }
}

/// The number of the page whose `id` a record names.
pub fn number_of(id: &str) -> Option<usize> {
    id.strip_prefix("page-")?.parse().ok()
}

fn sound(dice: &mut Dice, number: usize) -> (Option<Vec<u8>>, Due) {
    let tongue = dice.pick(&TONGUES);
    let layout = *dice.pick(&[Layout::Ribbon, Layout::Ribbon, Layout::Bullets, Layout::Article]);
    let count = match layout {
        Layout::Article => 1,
        Layout::Ribbon | Layout::Bullets => 6 + dice.below(MOST_ITEMS - 5),
    };
    let items: Vec<String> = (0..count).map(|item| tongue.headline(dice, number, item)).collect();
    let text = match layout {
        Layout::Ribbon => items.join(*dice.pick(&["\u{a0}\u{a0}\u{a0}\u{a0}", "    ", "\t\t"])),
        Layout::Bullets => {
            let bullet = *dice.pick(&["-", "•", "*"]);
            items.iter().map(|item| format!("{bullet}\n{item}\n")).collect()
        }
        Layout::Article => {
            let paragraphs: Vec<_> = (0..3).map(|_| tongue.paragraph(dice)).collect();
            format!("{}\n\n{}\n", items[0], paragraphs.join("\n"))
        }
    };
    let page = json!({
        "id": format!("page-{number}"),
        "url": format!("https://portal.example/{number}"),
        "source": "portal.example",
        "text": text,
        "published": "2026-11-20T10:00:00Z",
        "unknown_field": number,
    });
    (Some(page.to_string().into_bytes()), Due::Items(items))
}

fn bad(dice: &mut Dice, number: usize) -> (Option<Vec<u8>>, Due) {
    let id = format!("page-{number}");
    let (value, reason) = match dice.below(8) {
        0 => (Some([id.as_bytes(), &[0xff, 0xfe, 0x00]].concat()), "not_utf8"),
        1 => (Some(format!("{{\"id\": \"{id}\", \"text\": ").into_bytes()), "not_json"),
        2 => (Some(json!({"id": id, "body": "text elsewhere"}).to_string().into_bytes()), "no_text"),
        3 => (Some(json!({"id": id, "text": [number]}).to_string().into_bytes()), "wrong_type"),
        4 => (Some(json!({"id": id, "text": "  \n\t "}).to_string().into_bytes()), "empty"),
        5 => (None, "empty"),
        6 => (
            Some(json!({"id": id, "text": "x ".repeat(MAX_PAGE_BYTES)}).to_string().into_bytes()),
            "too_large",
        ),
        _ => (Some(json!({"id": id, "text": "- - -\n***\n"}).to_string().into_bytes()), "no_item"),
    };
    (value, Due::DeadLetter(reason))
}

#[derive(Debug, Clone, Copy)]
enum Layout {
    Ribbon,
    Bullets,
    Article,
}

/// A language's stock of phrases. Every headline holds a made-up name that no other headline holds.
struct Tongue {
    openings: [&'static str; 4],
    middles: [&'static str; 4],
    ends: [&'static str; 4],
    sentences: [&'static str; 4],
}

const TONGUES: [Tongue; 3] = [
    Tongue {
        openings: ["Le ministre", "La présidente", "Le club de", "L'entreprise"],
        middles: ["annonce", "rencontre une délégation pour préparer", "refuse", "prépare"],
        ends: [
            "un accord sur la pêche",
            "le budget de la saison",
            "une visite officielle à Lisbonne",
            "la finale de samedi",
        ],
        sentences: [
            "La réunion s'est tenue mercredi matin dans la capitale, en présence de plusieurs responsables.",
            "Selon un communiqué, les deux parties se reverront avant la fin du mois.",
            "Les chiffres publiés hier montrent une hausse de trois pour cent sur un an.",
            "Aucune date n'a été fixée pour la suite des travaux de la commission.",
        ],
    },
    Tongue {
        openings: ["El ministro", "La presidenta", "El equipo de", "La empresa"],
        middles: ["anuncia", "se reúne con una delegación para preparar", "rechaza", "prepara"],
        ends: [
            "un acuerdo sobre la pesca",
            "el presupuesto de la temporada",
            "una visita oficial a Lisboa",
            "la final del sábado",
        ],
        sentences: [
            "La reunión se celebró el miércoles por la mañana en la capital ante varios responsables.",
            "Según un comunicado, las dos partes volverán a verse antes de fin de mes.",
            "Las cifras publicadas ayer muestran un alza del tres por ciento en un año.",
            "No se ha fijado ninguna fecha para la continuación de los trabajos.",
        ],
    },
    Tongue {
        openings: ["Minister", "President", "The owners of", "Chief executive"],
        middles: ["announces", "meets a delegation to discuss", "turns down", "prepares"],
        ends: [
            "a deal on fishing rights",
            "the budget for next season",
            "an official visit to Lisbon",
            "the final on Saturday",
        ],
        sentences: [
            "The meeting was held on Wednesday morning in the capital before several officials.",
            "According to a statement, both sides will meet again before the end of the month.",
            "Figures published yesterday show a rise of three per cent over the year.",
            "No date has been set for the next round of the committee's work.",
        ],
    },
];

impl Tongue {
    fn headline(&self, dice: &mut Dice, number: usize, item: usize) -> String {
        let name = name(number * 64 + item);
        let (opening, middle, end) =
            (dice.pick(&self.openings), dice.pick(&self.middles), dice.pick(&self.ends));
        format!("{opening} {name} {middle} {end}")
    }

    fn paragraph(&self, dice: &mut Dice) -> String {
        (0..3).map(|_| *dice.pick(&self.sentences)).collect::<Vec<_>>().join(" ")
    }
}

/// A name for a number: its digits to the base 70 as syllables, so that no two numbers share one.
fn name(mut number: usize) -> String {
    const CONSONANTS: &[u8] = b"bdfgklmnprstvz";
    const VOWELS: &[u8] = b"aeiou";
    let mut name = String::new();
    while number > 0 || name.is_empty() {
        let digit = number % 70;
        number /= 70;
        name.push(CONSONANTS[digit / 5] as char);
        name.push(VOWELS[digit % 5] as char);
    }
    let (first, rest) = name.split_at(1);
    first.to_uppercase() + rest
}

/// The items that the service cuts are those that the pages were made of; else every other test would blame the
/// delivery for the cutting.
#[test]
fn generated_pages_are_cut_into_their_items() {
    let shape = newswire::news::page::PageShape { max_page_bytes: MAX_PAGE_BYTES, ..Default::default() };
    let mut reasons = std::collections::BTreeSet::new();
    for number in 0..4000 {
        let fed = page(7, number, 6);
        let cut =
            newswire::news::page::decode(fed.value.as_deref(), &shape).map_err(|reject| reject.reason.code());
        let cut = cut.and_then(|page| {
            let items = newswire::news::segment::segment(&page.text, page.title.as_deref()).items;
            let text = |range: std::ops::Range<usize>| {
                page.text.get(range).expect("an item is a slice of its page").to_owned()
            };
            let texts: Vec<String> = items.into_iter().map(|item| text(item.text)).collect();
            if texts.is_empty() { Err("no_item") } else { Ok(texts) }
        });
        let due = match fed.due {
            Due::Items(items) => Ok(items),
            Due::DeadLetter(reason) => {
                reasons.insert(reason);
                Err(reason)
            }
        };
        assert_eq!(
            cut,
            due,
            "page {number}: {}",
            String::from_utf8_lossy(fed.value.as_deref().unwrap_or_default())
        );
    }
    assert_eq!(reasons.len(), 7, "every reason that a page can give is met");
}
