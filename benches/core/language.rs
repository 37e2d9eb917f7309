//! Telling languages apart. Times are for thousands of different headlines, so that no cache holds the last answer:
//! the throughput is headlines a second. Another text, one headline a line, is timed with
//! `NEWSWIRE_BENCH_HEADLINES=FILE`.

use divan::counter::ItemsCount;
use newswire::news::language::{Language, LanguageModel};

fn model() -> LanguageModel {
    LanguageModel::read(include_bytes!("../../models/language.model")).expect("the shipped model is whole")
}

#[divan::bench]
fn load(bencher: divan::Bencher<'_, '_>) {
    bencher.bench(model);
}

#[divan::bench]
fn identify(bencher: divan::Bencher<'_, '_>) {
    bench(bencher, None);
}

#[divan::bench]
fn identify_on_a_french_page(bencher: divan::Bencher<'_, '_>) {
    bench(bencher, Language::new("fr"));
}

fn bench(bencher: divan::Bencher<'_, '_>, page: Option<Language>) {
    let (model, headlines) = (model(), headlines());
    bencher
        .counter(ItemsCount::new(headlines.len()))
        .bench(|| headlines.iter().filter(|text| model.identify(text, page).language.is_und()).count());
}

/// Headlines of three languages, put together from parts: each is different.
fn headlines() -> Vec<String> {
    if let Ok(path) = std::env::var("NEWSWIRE_BENCH_HEADLINES") {
        let text =
            std::fs::read_to_string(&path).expect("NEWSWIRE_BENCH_HEADLINES names a readable text file");
        return text.lines().map(str::to_owned).collect();
    }
    const PARTS: [[[&str; 12]; 3]; 3] = [
        [
            [
                "Le ministre",
                "La maire de Lille",
                "Un juge",
                "Le syndicat",
                "L'équipe de France",
                "La banque",
                "Un chercheur",
                "Le préfet",
                "La coalition",
                "Airbus",
                "L'Élysée",
                "Une avocate",
            ],
            [
                "annonce", "refuse", "défend", "reporte", "salue", "critique", "prépare", "obtient",
                "retire", "réclame", "dévoile", "négocie",
            ],
            [
                "un accord sur les retraites",
                "la fermeture de l'usine",
                "une hausse des salaires",
                "la vente de ses parts",
                "sa victoire en finale",
                "le budget de la santé",
                "une enquête sur l'incendie",
                "la réouverture du tunnel",
                "deux traités de paix",
                "le retour des touristes",
                "l'aide aux agriculteurs",
                "un plan contre la sécheresse",
            ],
        ],
        [
            [
                "El presidente",
                "La alcaldesa de Lima",
                "Un tribunal",
                "El sindicato",
                "La selección",
                "El banco",
                "Una científica",
                "El gobernador",
                "La oposición",
                "Repsol",
                "La Casa Rosada",
                "Un abogado",
            ],
            [
                "anuncia", "rechaza", "defiende", "aplaza", "celebra", "critica", "prepara", "logra",
                "retira", "exige", "presenta", "negocia",
            ],
            [
                "un acuerdo sobre las pensiones",
                "el cierre de la fábrica",
                "una subida de los sueldos",
                "la venta de sus acciones",
                "su triunfo en la final",
                "el presupuesto de sanidad",
                "una investigación del incendio",
                "la reapertura del túnel",
                "dos tratados de paz",
                "la vuelta de los turistas",
                "la ayuda al campo",
                "un plan contra la sequía",
            ],
        ],
        [
            [
                "The minister",
                "Leeds council",
                "A judge",
                "The union",
                "England's captain",
                "The bank",
                "A scientist",
                "The governor",
                "Opposition",
                "Boeing",
                "White House",
                "A lawyer",
            ],
            [
                "announces",
                "rejects",
                "defends",
                "delays",
                "welcomes",
                "attacks",
                "prepares",
                "wins",
                "withdraws",
                "demands",
                "unveils",
                "negotiates",
            ],
            [
                "a deal on pensions",
                "the closing of the plant",
                "a rise in wages",
                "the sale of its shares",
                "a place in the final",
                "the health budget",
                "an inquiry into the fire",
                "the opening of the tunnel",
                "two peace treaties",
                "the return of tourists",
                "aid for farmers",
                "a plan against the drought",
            ],
        ],
    ];
    let mut headlines = Vec::new();
    for [subjects, verbs, objects] in &PARTS {
        for subject in subjects {
            for verb in verbs {
                headlines.extend(objects.iter().map(|object| format!("{subject} {verb} {object}")));
            }
        }
    }
    headlines
}
