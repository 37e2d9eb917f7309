"""How well lingua tells French, Spanish and English headlines apart, and strangers from them.

    pip install -r bench/peers/requirements.txt
    python bench/peers/languages.py CORPUS_DIR [--rows N]

Headlines are the hand-labelled ones, strangers' sentences those of languages_dev.jsonl.gz. lingua runs twice:
with the three languages alone (headlines can be told apart, strangers cannot be known), and with every language
that the corpus names, anything but the three being `und` (what newswire answers). newswire's own figures and
whatlang's are in models/LANGUAGE.md. The rows that newswire's language model was trained on are not held out
here: lingua brings models of its own, so that nothing of these rows is known to it.
"""

import argparse
import gzip
import json
import random
import time
from pathlib import Path

from lingua import IsoCode639_1, Language, LanguageDetectorBuilder

OURS = ("fr", "es", "en")
SHORT = 30  # characters: the headlines that are hard to tell


def rows(path):
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def known(code):
    """lingua's language of an ISO 639-1 code, or None where lingua has none."""
    return next((one for one in Language.all() if one.iso_code_639_1.name.lower() == code), None)


def share(right, total):
    return f"{100 * right / total:5.1f} %" if total else "      -"


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    arguments.add_argument("corpus", type=Path)
    arguments.add_argument("--rows", type=int, default=3000, help="at most this many headlines a language")
    chosen = arguments.parse_args()
    random.seed(1)

    headlines = []
    for language in OURS:
        own = [(row["title"], language) for row in rows(chosen.corpus / f"hand_{language}.jsonl")]
        headlines += random.sample(own, min(chosen.rows, len(own)))
    strangers = [
        (row["text"], row["lang"])
        for row in rows(chosen.corpus / "languages_dev.jsonl.gz")
        if row["lang"] not in OURS
    ]

    three = [getattr(IsoCode639_1, code.upper()) for code in OURS]
    closed = LanguageDetectorBuilder.from_iso_codes_639_1(*three).with_preloaded_language_models().build()
    everyone = {known(code) for code in OURS} | {known(code) for _, code in strangers} - {None}
    opened = LanguageDetectorBuilder.from_languages(*everyone).with_preloaded_language_models().build()

    for name, detector in (("three languages", closed), (f"{len(everyone)} languages", opened)):
        def answer(text):
            language = detector.detect_language_of(text)
            code = language.iso_code_639_1.name.lower() if language else "und"
            return code if code in OURS else "und"

        start = time.perf_counter()
        told = [(answer(text), code, len(text)) for text, code in headlines]
        microseconds = (time.perf_counter() - start) / len(told) * 1e6
        print(f"\nlingua, {name}: {microseconds:.0f} µs a headline")
        for language in OURS:
            own = [(found == code, length) for found, code, length in told if code == language]
            short = [right for right, length in own if length <= SHORT]
            right = sum(right for right, _ in own)
            print(f"  {language}  {share(right, len(own))} right   of {SHORT} characters or fewer "
                  f"{share(sum(short), len(short))} ({len(short)})")
        lost = sum(found == "und" for found, _, _ in told)
        print(f"  headlines lost to und {share(lost, len(told))}")
        for stranger in sorted({code for _, code in strangers}):
            own = [answer(text) == "und" for text, code in strangers if code == stranger]
            print(f"  {stranger} und {share(sum(own), len(own))} ({len(own)})")


if __name__ == "__main__":
    main()
