//! Letters to their plain form: lower case, no accents. `Économie` and `ECONOMIE` are one word.

/// Appends the folded form of `character` to `folded`. Combining marks leave nothing behind.
pub fn push_folded(character: char, folded: &mut Vec<u8>) {
    if character.is_ascii() {
        folded.push((character as u8).to_ascii_lowercase());
        return;
    }
    let plain: &[u8] = match character {
        'à'..='å' | 'À'..='Å' | 'ā' | 'Ā' | 'ă' | 'Ă' | 'ą' | 'Ą' | 'ª' => b"a",
        'æ' | 'Æ' => b"ae",
        'ç' | 'Ç' | 'ć' | 'Ć' | 'č' | 'Č' | 'ĉ' | 'Ĉ' | 'ċ' | 'Ċ' => b"c",
        'ď' | 'Ď' | 'đ' | 'Đ' | 'ð' | 'Ð' => b"d",
        'è'..='ë' | 'È'..='Ë' | 'ē' | 'Ē' | 'ė' | 'Ė' | 'ę' | 'Ę' | 'ě' | 'Ě' => b"e",
        'ğ' | 'Ğ' | 'ģ' | 'Ģ' => b"g",
        'ì'..='ï' | 'Ì'..='Ï' | 'ī' | 'Ī' | 'į' | 'Į' | 'ı' | 'İ' => b"i",
        'ķ' | 'Ķ' => b"k",
        'ł' | 'Ł' | 'ļ' | 'Ļ' | 'ľ' | 'Ľ' => b"l",
        'ñ' | 'Ñ' | 'ń' | 'Ń' | 'ņ' | 'Ņ' | 'ň' | 'Ň' => b"n",
        'ò'..='ö' | 'Ò'..='Ö' | 'ø' | 'Ø' | 'ō' | 'Ō' | 'ő' | 'Ő' | 'º' => b"o",
        'œ' | 'Œ' => b"oe",
        'ř' | 'Ř' => b"r",
        'ś' | 'Ś' | 'š' | 'Š' | 'ş' | 'Ş' | 'ș' | 'Ș' => b"s",
        'ß' => b"ss",
        'ţ' | 'Ţ' | 'ț' | 'Ț' | 'ť' | 'Ť' => b"t",
        'ù'..='ü' | 'Ù'..='Ü' | 'ū' | 'Ū' | 'ů' | 'Ů' | 'ű' | 'Ű' | 'ų' | 'Ų' => b"u",
        'ý' | 'ÿ' | 'Ý' | 'Ÿ' => b"y",
        'ź' | 'Ź' | 'ż' | 'Ż' | 'ž' | 'Ž' => b"z",
        '\u{300}'..='\u{36f}' => b"",
        other => {
            let mut utf8 = [0; 4];
            for lower in other.to_lowercase() {
                folded.extend_from_slice(lower.encode_utf8(&mut utf8).as_bytes());
            }
            return;
        }
    };
    folded.extend_from_slice(plain);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        let mut folded = Vec::new();
        text.chars().for_each(|character| push_folded(character, &mut folded));
        assert_eq!(String::from_utf8(folded).expect("folding keeps UTF-8"), expected);
    }

    #[test]
    fn accents_and_case_do_not_count() {
        check("ÉCONOMIE", "economie");
        check("Côte d’Ivoire", "cote d’ivoire");
        check("e\u{301}lection", "election");
        check("España œuvre Çelik Łódź", "espana oeuvre celik lodz");
        check("Straße İstanbul", "strasse istanbul");
        check("Москва 北京", "москва 北京");
    }
}
