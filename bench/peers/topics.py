"""How well scikit-learn's classifiers do on newswire's corpus, on the same headlines and the same folds.

    pip install -r bench/peers/requirements.txt
    python bench/peers/topics.py CORPUS_DIR [--folds N] [--language fr]

Cross-validated by source: what is tested comes from outlets that nothing was trained on. The folds are those of
`newswire train --cross-validate`. Trained on the other folds' hand-labelled headlines (counted three times) and
rubric headlines (at most 3,000 a class); tested on hand-labelled headlines of the `train` split, and on those of the
`dev` split apart: nothing is trained on these. No lexicon.
Features: words, word pairs and character 3-5-grams within words, accents folded; present or absent for the naive
Bayes models, tf-idf for the linear ones, which weigh classes by their size.
"""

import argparse
import gzip
import json
import random
from collections import Counter, defaultdict
from pathlib import Path

from scipy.sparse import hstack
from sklearn.feature_extraction.text import CountVectorizer, TfidfTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, f1_score
from sklearn.naive_bayes import ComplementNB, MultinomialNB
from sklearn.svm import LinearSVC

RUBRIC_CAP = 3000  # headlines a class, as in the corpus's README
HAND_WEIGHT = 3


def rows(path):
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def folds_by_source(hand, folds):
    """The fold of each source, dealt as src/learn/folds.rs does: the largest source first, to the emptiest fold."""
    headlines = Counter(row["source"] for row in hand)
    filled = [0] * folds
    fold_of = {}
    for source, count in sorted(headlines.items(), key=lambda item: (-item[1], item[0])):
        emptiest = min(range(folds), key=lambda fold: (filled[fold], fold))
        filled[emptiest] += count
        fold_of[source] = emptiest
    return fold_of


def corpus(folder, language):
    hand = rows(folder / f"hand_{language}.jsonl")
    titles = {row["title"] for row in hand}
    rubric = [
        row
        for row in rows(folder / f"rubric_{language}.jsonl.gz")
        if row["topic"] and row["title"] not in titles
    ]
    return hand, rubric


def capped(rubric):
    """At most RUBRIC_CAP headlines a class, drawn at random with a fixed seed."""
    by_topic = defaultdict(list)
    for row in rubric:
        by_topic[row["topic"]].append(row)
    chance = random.Random(1)
    return [
        row
        for topic in sorted(by_topic)
        for row in chance.sample(by_topic[topic], min(RUBRIC_CAP, len(by_topic[topic])))
    ]


class Features:
    """Words, pairs and character n-grams, fitted on the training titles."""

    def __init__(self):
        shared = {"strip_accents": "unicode", "lowercase": True, "binary": True, "min_df": 2}
        self.words = CountVectorizer(ngram_range=(1, 2), token_pattern=r"(?u)\b\w+\b", **shared)
        self.characters = CountVectorizer(analyzer="char_wb", ngram_range=(3, 5), **shared)
        self.weights = TfidfTransformer(sublinear_tf=True)

    def fit(self, titles):
        present = hstack([self.words.fit_transform(titles), self.characters.fit_transform(titles)]).tocsr()
        return present, self.weights.fit_transform(present)

    def of(self, titles):
        present = hstack([self.words.transform(titles), self.characters.transform(titles)]).tocsr()
        return present, self.weights.transform(present)


def models():
    """Name, the model, and whether it reads tf-idf weights."""
    return [
        ("MultinomialNB", MultinomialNB(alpha=0.3), False),
        ("ComplementNB", ComplementNB(alpha=0.3), False),
        ("LogisticRegression", LogisticRegression(C=5, class_weight="balanced", max_iter=300), True),
        ("LinearSVC", LinearSVC(C=0.3, class_weight="balanced"), True),
    ]


def is_dev(row):
    return row.get("split") == "dev"


def cross_validate(hand, rubric, folds):
    """For each model and split, the true labels, the predicted ones, and the labels that are fair besides."""
    told = defaultdict(lambda: ([], [], []))
    fold_of = folds_by_source([row for row in hand if not is_dev(row)], folds)
    for fold in range(folds):
        test = [row for row in hand if fold_of.get(row["source"]) == fold]
        own = [row for row in hand if fold_of.get(row["source"]) != fold and not is_dev(row)]
        # A source without hand-labelled headlines is in no fold and always trained on.
        other = capped([row for row in rubric if fold_of.get(row["source"]) != fold])
        if not test or not own:
            continue
        train = own + other
        weights = [HAND_WEIGHT] * len(own) + [1] * len(other)
        features = Features()
        train_rows = features.fit([row["title"] for row in train])
        test_rows = features.of([row["title"] for row in test])
        for name, model, weighted in models():
            model.fit(train_rows[weighted], [row["topic"] for row in train], sample_weight=weights)
            for row, label in zip(test, model.predict(test_rows[weighted])):
                true, predicted, fair = told[name, "dev" if is_dev(row) else "train"]
                true.append(row["topic"])
                predicted.append(label)
                fair.append({row["topic"], *(row.get("also") or [])})
    return told


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    arguments.add_argument("corpus", type=Path)
    arguments.add_argument("--folds", type=int, default=6)
    arguments.add_argument("--language", action="append", help="one language alone; may be repeated")
    chosen = arguments.parse_args()
    print("| | " + " | ".join(["macro-F1", "accuracy", "counting `also`", "headlines"]) + " |")
    print("|---|---|---|---|---|")
    for language in chosen.language or ("fr", "es", "en"):
        hand, rubric = corpus(chosen.corpus, language)
        told = cross_validate(hand, rubric, chosen.folds)
        for (name, split), (true, predicted, fair) in told.items():
            also = sum(label in labels for label, labels in zip(predicted, fair)) / len(true)
            print(
                f"| {language} {name}, {split} | {f1_score(true, predicted, average='macro'):.3f} "
                f"| {accuracy_score(true, predicted):.3f} | {also:.3f} | {len(true)} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
