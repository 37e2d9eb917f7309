//! An audit's books: what each page owes, what was found for it, and what does not add up. Pure: the logs are read
//! elsewhere and entered here line by line.
//!
//! A ledger covers one window of offsets of every input partition and holds about 40 bytes a page of it. Where a
//! topic is larger than a window, the audit opens one ledger after another and reads the output again for each.

use rustc_hash::FxHashMap;

use super::report::{Breach, Fault, Found, PageName};

/// At most so many pages whose input is gone are held; those above it are counted as not verified.
const MOST_ORPHANS: usize = 1_000_000;

/// What a page owes, by the same decoding and cutting that the service does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Due {
    /// So many records; at least one.
    Items(u32),
    DeadLetter,
}

/// Which duplicates the delivery allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Strictness {
    /// Every record exactly once, in order.
    ExactlyOnce,
    /// A batch may have been written again after a failure: repeats are counted, not blamed.
    AtLeastOnce,
}

/// A log that was read beside the input, and whether retention took its start: what is missing there proves nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutputPartition {
    pub topic: String,
    pub partition: i32,
    pub is_dead_letters: bool,
    pub truncated: bool,
}

/// Which offsets of an input partition a ledger judges.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Range {
    /// The window: `from` included, `until` not.
    pub from: i64,
    pub until: i64,
    /// Where the audit of the whole partition starts and ends.
    pub audit_from: i64,
    pub audit_until: i64,
}

/// A labelled record, as far as the books need it.
#[derive(Debug, Clone, Copy)]
pub struct ItemEntry {
    /// The page's partition and offset, as the record names them.
    pub partition: i32,
    pub offset: i64,
    pub item: u32,
    pub items: u32,
    /// Whether the record's identifier is the one that its page, partition, offset and number make.
    pub id_is_right: bool,
}

/// A dead letter, as far as the books need it.
#[derive(Debug, Clone, Copy)]
pub struct DeadLetterEntry {
    pub partition: i32,
    pub offset: i64,
    /// [`content_hash`] of the letter's value, key and headers without newswire's own.
    pub content: u64,
    /// Whether the reason may befall a sound page: the broker refused it, or labelling failed.
    pub any_page: bool,
}

#[derive(Debug, Clone, Copy, Default)]
struct PageBook {
    /// Whether the input holds a page at this offset. An offset without one was a transaction's marker, or its
    /// record was compacted away.
    stands: bool,
    /// Records due; zero where a dead letter is.
    due: u32,
    /// Different item numbers found.
    found: u32,
    /// What the records say of how many there are.
    claimed: u32,
    /// Which of the first 64 items were found; [`Ledger::high_items`] holds the others.
    low_items: u64,
    dead_letters: u16,
    any_page_reason: bool,
    content: u64,
}

/// Where the pages of one input partition are kept.
#[derive(Debug)]
struct Window {
    range: Range,
    pages: Vec<PageBook>,
}

/// Up to which offset of an input partition its records, and its dead letters, may have been deleted.
#[derive(Debug, Clone, Copy, Default)]
struct Floor {
    items: Option<i64>,
    dead_letters: Option<i64>,
}

/// How far one output partition has brought one input partition.
#[derive(Debug, Clone, Copy)]
struct Track {
    first_offset: i64,
    last: (i64, u32),
}

/// The books of one window.
#[derive(Debug)]
pub struct Ledger {
    strictness: Strictness,
    windows: Vec<Window>,
    outputs: Vec<OutputPartition>,
    /// By output partition's and input partition's index.
    tracks: FxHashMap<(u32, u32), Track>,
    high_items: FxHashMap<(u32, i64), Vec<u64>>,
    /// Pages before the window's start, whose input is gone.
    orphans: FxHashMap<(u32, i64), PageBook>,
    found: Found,
}

impl Ledger {
    /// Opens the books for one range of offsets a partition. `outputs` are the partitions of the output topics
    /// and of the dead-letter topic, by whose index entries are made.
    pub fn open(strictness: Strictness, ranges: &[Range], outputs: Vec<OutputPartition>) -> Ledger {
        let windows = ranges.iter().map(|&range| Window {
            range,
            pages: vec![PageBook::default(); usize::try_from(range.until - range.from).unwrap_or(0)],
        });
        Ledger {
            strictness,
            windows: windows.collect(),
            outputs,
            tracks: FxHashMap::default(),
            high_items: FxHashMap::default(),
            orphans: FxHashMap::default(),
            found: Found::default(),
        }
    }

    /// Enters an input page and what it owes.
    pub fn enter_page(&mut self, partition: i32, offset: i64, due: Due, content: u64) {
        if let Some(book) = self.book(partition, offset) {
            book.stands = true;
            book.content = content;
            book.due = match due {
                Due::Items(items) => items,
                Due::DeadLetter => 0,
            };
            self.found.pages += 1;
        }
    }

    /// Enters a labelled record, read at offset `at` of output partition number `output`.
    pub fn enter_item(&mut self, output: u32, at: i64, entry: ItemEntry) {
        let name = PageName { partition: entry.partition, offset: entry.offset };
        let Some(partition) = self.follow(output, at, name, entry.item) else {
            return;
        };
        self.found.items += 1;
        if !entry.id_is_right {
            self.blame(name, Fault::WrongId { item: entry.item });
        }
        if self.mark(partition, &entry) == Some(false) {
            self.repeat(name, Fault::ItemTwice { item: entry.item });
        }
    }

    /// Enters a dead letter, read at offset `at` of output partition number `output`.
    pub fn enter_dead_letter(&mut self, output: u32, at: i64, entry: DeadLetterEntry) {
        let name = PageName { partition: entry.partition, offset: entry.offset };
        let Some(partition) = self.follow(output, at, name, 0) else {
            return;
        };
        self.found.dead_letters += 1;
        let Some(book) = self.book_or_orphan(partition, entry.offset) else {
            return;
        };
        book.dead_letters = book.dead_letters.saturating_add(1);
        book.any_page_reason |= entry.any_page;
        let (is_repeated, is_altered) = (book.dead_letters > 1, book.stands && book.content != entry.content);
        if is_altered {
            self.blame(name, Fault::DeadLetterAltered);
        }
        if is_repeated {
            self.repeat(name, Fault::DeadLetterTwice);
        }
    }

    /// Closes the books: judges every page and returns what was found.
    pub fn close(mut self) -> Found {
        let floors: Vec<_> = (0..self.windows.len()).map(|partition| self.floor(partition)).collect();
        let windows = std::mem::take(&mut self.windows);
        for (partition, (window, floor)) in windows.iter().zip(&floors).enumerate() {
            for (offset, book) in (window.range.from..).zip(&window.pages) {
                self.judge(partition, offset, book, *floor);
            }
        }
        let mut orphans: Vec<_> = std::mem::take(&mut self.orphans).into_iter().collect();
        orphans.sort_unstable_by_key(|(place, _)| *place);
        for ((partition, offset), book) in orphans {
            let partition = partition as usize;
            let floor = floors.get(partition).copied().unwrap_or_default();
            self.judge(partition, offset, &book, floor);
        }
        self.found
    }

    fn judge(&mut self, partition: usize, offset: i64, book: &PageBook, floor: Floor) {
        let dead = u32::from(book.dead_letters > 0);
        if !book.stands && book.found == 0 && dead == 0 {
            return;
        }
        let name = PageName { partition: i32::try_from(partition).unwrap_or(i32::MAX), offset };
        if !book.stands {
            self.found.input_gone += 1;
        }
        let due = if book.stands { book.due } else { book.claimed };
        let fault = match (due, book.found, dead) {
            (0, 0, 1) => None,
            (0, 0, _) => Some(Fault::DeadLetterLost),
            (0, found, _) => Some(Fault::RecordsOfBadPage { found }),
            (_, 0, 1) if book.any_page_reason => None,
            (due, 0, 1) => Some(Fault::DeadLetterOfSoundPage { due }),
            (due, 0, _) => Some(Fault::Lost { due }),
            (due, found, 1) => Some(Fault::RecordsAndDeadLetter { due, found }),
            (due, found, _) if book.claimed != due && found == book.claimed => {
                Some(Fault::CutOtherwise { due, found })
            }
            (due, found, _) if found != due => Some(Fault::Partial { due, found }),
            _ => None,
        };
        match fault {
            None => self.found.proven += 1,
            Some(Fault::Lost { .. } | Fault::Partial { .. } | Fault::CutOtherwise { .. })
                if floor.items.is_some_and(|floor| offset <= floor) =>
            {
                self.found.not_verified += 1;
            }
            Some(Fault::DeadLetterLost) if floor.dead_letters.is_some_and(|floor| offset <= floor) => {
                self.found.not_verified += 1;
            }
            Some(fault) => self.blame(name, fault),
        }
    }

    /// Up to which page of an input partition something may be missing only because retention deleted the start
    /// of an output partition: what lies before that partition's first record of it.
    fn floor(&self, partition: usize) -> Floor {
        let mut floor = Floor::default();
        for (index, output) in (0u32..).zip(&self.outputs).filter(|(_, output)| output.truncated) {
            let partition = u32::try_from(partition).unwrap_or(u32::MAX);
            let first = self.tracks.get(&(index, partition)).map_or(i64::MAX, |track| track.first_offset);
            let side = if output.is_dead_letters { &mut floor.dead_letters } else { &mut floor.items };
            *side = Some(side.map_or(first, |so_far| so_far.max(first)));
        }
        floor
    }

    /// Checks that an output partition brings an input partition's pages and items in order. Returns the input
    /// partition's index where the page is one that this ledger judges.
    fn follow(&mut self, output: u32, at: i64, page: PageName, item: u32) -> Option<u32> {
        let index = u32::try_from(page.partition).ok();
        let window = index.and_then(|index| self.windows.get(index as usize));
        let (Some(index), Some(range)) = (index, window.map(|window| window.range)) else {
            self.blame(page, Fault::UnknownPage);
            return None;
        };
        if page.offset >= range.audit_until {
            return None;
        }
        let here = (page.offset, item);
        let track =
            self.tracks.entry((output, index)).or_insert(Track { first_offset: page.offset, last: here });
        let last = std::mem::replace(&mut track.last, here);
        track.first_offset = track.first_offset.min(page.offset);
        let is_first_window = range.from == range.audit_from;
        if here < last && is_first_window && self.strictness == Strictness::ExactlyOnce {
            let output = self.outputs.get(output as usize);
            let (topic, number) =
                output.map_or((String::new(), 0), |output| (output.topic.clone(), output.partition));
            self.blame(page, Fault::OutOfOrder { topic, partition: number, at, after: last.0 });
        }
        let is_orphan = page.offset < range.audit_from && is_first_window;
        (is_orphan || (range.from..range.until).contains(&page.offset)).then_some(index)
    }

    /// Marks an item as found. `None` where the page's book is not kept, else whether it is new.
    fn mark(&mut self, partition: u32, entry: &ItemEntry) -> Option<bool> {
        let is_new_high = (entry.item >= 64).then(|| {
            let words = self.high_items.entry((partition, entry.offset)).or_default();
            let (word, bit) = ((entry.item / 64) as usize, 1 << (entry.item % 64));
            if words.len() <= word {
                words.resize(word + 1, 0);
            }
            let held = words.get_mut(word)?;
            let is_new = *held & bit == 0;
            *held |= bit;
            Some(is_new)
        });
        let book = self.book_or_orphan(partition, entry.offset)?;
        book.claimed = book.claimed.max(entry.items);
        let is_new = is_new_high.flatten().unwrap_or_else(|| {
            let bit = 1 << (entry.item % 64);
            let is_new = book.low_items & bit == 0;
            book.low_items |= bit;
            is_new
        });
        book.found += u32::from(is_new);
        Some(is_new)
    }

    fn book(&mut self, partition: i32, offset: i64) -> Option<&mut PageBook> {
        let window = self.windows.get_mut(usize::try_from(partition).ok()?)?;
        window.pages.get_mut(usize::try_from(offset - window.range.from).ok()?)
    }

    fn book_or_orphan(&mut self, partition: u32, offset: i64) -> Option<&mut PageBook> {
        let window = self.windows.get_mut(partition as usize)?;
        if offset >= window.range.from {
            return window.pages.get_mut(usize::try_from(offset - window.range.from).ok()?);
        }
        if self.orphans.len() >= MOST_ORPHANS && !self.orphans.contains_key(&(partition, offset)) {
            self.found.not_verified += 1;
            return None;
        }
        Some(self.orphans.entry((partition, offset)).or_default())
    }

    /// Blames what was written twice, or counts it where the delivery allows it.
    fn repeat(&mut self, page: PageName, fault: Fault) {
        match self.strictness {
            Strictness::ExactlyOnce => self.blame(page, fault),
            Strictness::AtLeastOnce => self.found.repeated += 1,
        }
    }

    fn blame(&mut self, page: PageName, fault: Fault) {
        self.found.blame(Breach { page, fault });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::service::audit::report::FaultClass;

    const DEAD: u32 = 1;

    /// One input partition with pages at offsets 10 to 14: two items, three, a bad page, a hole, one item.
    fn ledger(strictness: Strictness, truncated: bool) -> Ledger {
        let outputs = vec![
            OutputPartition { topic: "labelled".into(), partition: 0, is_dead_letters: false, truncated },
            OutputPartition { topic: "dead".into(), partition: 0, is_dead_letters: true, truncated: false },
        ];
        let range = Range { from: 10, until: 15, audit_from: 10, audit_until: 15 };
        let mut ledger = Ledger::open(strictness, &[range], outputs);
        ledger.enter_page(0, 10, Due::Items(2), 100);
        ledger.enter_page(0, 11, Due::Items(3), 110);
        ledger.enter_page(0, 12, Due::DeadLetter, 120);
        ledger.enter_page(0, 14, Due::Items(1), 140);
        ledger
    }

    fn item(offset: i64, item: u32, items: u32) -> ItemEntry {
        ItemEntry { partition: 0, offset, item, items, id_is_right: true }
    }

    fn letter(offset: i64, content: u64, any_page: bool) -> DeadLetterEntry {
        DeadLetterEntry { partition: 0, offset, content, any_page }
    }

    type Written = (Vec<ItemEntry>, Vec<DeadLetterEntry>);

    fn sound() -> Written {
        let items = vec![
            item(10, 0, 2),
            item(10, 1, 2),
            item(11, 0, 3),
            item(11, 1, 3),
            item(11, 2, 3),
            item(14, 0, 1),
        ];
        (items, vec![letter(12, 120, false)])
    }

    fn close(mut ledger: Ledger, (items, letters): Written) -> Found {
        for (at, entry) in (0..).zip(items) {
            ledger.enter_item(0, at, entry);
        }
        for (at, entry) in (0..).zip(letters) {
            ledger.enter_dead_letter(DEAD, at, entry);
        }
        ledger.close()
    }

    /// Changes what a sound run wrote and says which breaches an exactly-once audit must find.
    #[track_caller]
    fn check(change: impl Fn(&mut Written), expected: &[(FaultClass, u64)]) {
        let mut written = sound();
        change(&mut written);
        let found = close(ledger(Strictness::ExactlyOnce, false), written);
        let breaches: Vec<_> = found.breaches.iter().map(|(class, count)| (*class, *count)).collect();
        assert_eq!(breaches, expected, "{:?}", found.first_breaches);
        let blamed = u64::from(!expected.is_empty());
        assert!(found.proven >= 4 - blamed && found.proven <= 4, "{} pages proven", found.proven);
    }

    #[test]
    fn what_adds_up_is_proven_and_what_does_not_is_named() {
        use FaultClass::{CutOtherwise, Duplicated, Lost, OutOfOrder, Partial, Wrong};
        check(|_| (), &[]);
        check(|(items, _)| items.truncate(5), &[(Lost, 1)]);
        check(
            |(items, _)| {
                items.remove(3);
            },
            &[(Partial, 1)],
        );
        check(|(_, letters)| letters.clear(), &[(Lost, 1)]);
        check(|(items, _)| items.insert(1, item(10, 0, 2)), &[(Duplicated, 1)]);
        check(|(_, letters)| letters.push(letter(12, 120, false)), &[(Duplicated, 1)]);
        check(|(items, _)| items.swap(1, 2), &[(OutOfOrder, 1)]);
        check(|(items, _)| items.swap(0, 1), &[(OutOfOrder, 1)]);
        check(|(_, letters)| letters[0].content = 7, &[(Wrong, 1)]);
        check(|(items, _)| items[0].id_is_right = false, &[(Wrong, 1)]);
        check(|(items, _)| items.insert(5, item(12, 0, 1)), &[(Wrong, 1)]);
        check(|(_, letters)| letters.push(letter(14, 140, true)), &[(Duplicated, 1)]);
        check(|(items, _)| items.insert(2, item(10, 2, 3)), &[(CutOtherwise, 1)]);
        check(|(items, _)| items.push(ItemEntry { partition: 9, ..item(10, 0, 2) }), &[(Wrong, 1)]);
        check(
            |(items, letters)| {
                items.truncate(5);
                letters.push(letter(14, 140, false));
            },
            &[(Wrong, 1)],
        );
        // A page that the broker refused owes its dead letter alone.
        check(
            |(items, letters)| {
                items.truncate(5);
                letters.push(letter(14, 140, true));
            },
            &[],
        );
        // What lies past the end of the audit is not looked at.
        check(|(items, _)| items.push(item(15, 0, 9)), &[]);
    }

    #[test]
    fn at_least_once_may_write_a_batch_again_but_lose_nothing() {
        let (mut items, mut letters) = sound();
        items.extend(items.clone());
        letters.extend(letters.clone());
        let found = close(ledger(Strictness::AtLeastOnce, false), (items, letters));
        assert_eq!((found.breached(), found.repeated, found.proven), (0, 7, 4));
        let (mut items, letters) = sound();
        items.pop();
        let found = close(ledger(Strictness::AtLeastOnce, false), (items, letters));
        assert_eq!(found.breaches.get(&FaultClass::Lost), Some(&1));
    }

    #[test]
    fn what_retention_deleted_proves_nothing() {
        // The output's start is gone up to the middle of page 11.
        let (items, letters) = sound();
        let kept = items.get(3..).expect("six items").to_vec();
        let found = close(ledger(Strictness::ExactlyOnce, true), (kept.clone(), letters.clone()));
        assert_eq!((found.breached(), found.not_verified, found.proven), (0, 2, 2));
        // After its first record it must be whole all the same.
        let holed = kept.get(..2).expect("three items").to_vec();
        let found = close(ledger(Strictness::ExactlyOnce, true), (holed, letters));
        assert_eq!(found.breaches.get(&FaultClass::Lost), Some(&1));
    }

    #[test]
    fn pages_that_are_gone_are_judged_by_their_records() {
        let (mut items, letters) = sound();
        items.splice(0..0, [item(3, 0, 2), item(3, 1, 2), item(4, 0, 2)]);
        let found = close(ledger(Strictness::ExactlyOnce, false), (items, letters));
        assert_eq!((found.input_gone, found.proven), (2, 5));
        assert_eq!(found.breaches.get(&FaultClass::Partial), Some(&1));
    }

    #[test]
    fn a_later_window_judges_its_own_pages_alone() {
        let outputs = vec![OutputPartition {
            topic: "labelled".into(),
            partition: 0,
            is_dead_letters: false,
            truncated: false,
        }];
        let range = Range { from: 11, until: 12, audit_from: 10, audit_until: 15 };
        let mut ledger = Ledger::open(Strictness::ExactlyOnce, &[range], outputs);
        ledger.enter_page(0, 11, Due::Items(3), 110);
        let found = close(ledger, (sound().0, Vec::new()));
        assert_eq!((found.pages, found.items, found.proven, found.breached()), (1, 3, 1, 0));
    }

    #[test]
    fn pages_of_many_items_are_counted_item_by_item() {
        let range = Range { from: 0, until: 1, audit_from: 0, audit_until: 1 };
        let books = |numbers: &[u32]| {
            let output = OutputPartition {
                topic: "labelled".into(),
                partition: 0,
                is_dead_letters: false,
                truncated: false,
            };
            let mut ledger = Ledger::open(Strictness::ExactlyOnce, &[range], vec![output]);
            ledger.enter_page(0, 0, Due::Items(200), 0);
            for number in numbers {
                ledger.enter_item(0, i64::from(*number), item(0, *number, 200));
            }
            ledger.close()
        };
        let all: Vec<u32> = (0..200).collect();
        assert_eq!(books(&all).proven, 1);
        let mut twice = all.clone();
        twice.insert(130, 129);
        assert_eq!(books(&twice).breaches.get(&FaultClass::Duplicated), Some(&1));
        let holed: Vec<u32> = all.into_iter().filter(|number| *number != 64).collect();
        assert_eq!(books(&holed).breaches.get(&FaultClass::Partial), Some(&1));
    }
}
