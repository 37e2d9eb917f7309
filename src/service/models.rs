//! Where the service's models come from, and when they are read anew.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant, SystemTime};

use crate::news::models::Models;

/// How often a folder of models is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// What a folder looks like from outside: each model file's name, length and time of change.
type Stamp = Vec<(PathBuf, u64, Option<SystemTime>)>;

/// Reads the models of a folder, or those inside the binary.
pub type Load = fn(Option<&Path>) -> anyhow::Result<Models>;

/// The models' source. A folder is looked at every second; the models inside the binary never change.
#[derive(Debug)]
pub struct ModelSource {
    folder: Option<PathBuf>,
    load: Load,
    in_force: Stamp,
    /// A change that was seen once: files still being copied change again before the next look.
    changing: Option<Stamp>,
    last_look: Instant,
    asked: Arc<AtomicBool>,
}

impl ModelSource {
    /// `folder` empty: the models inside the binary. Also gives the models themselves.
    pub fn open(folder: &Path, load: Load) -> anyhow::Result<(ModelSource, Models)> {
        let folder = (!folder.as_os_str().is_empty()).then(|| folder.to_owned());
        let in_force = folder.as_deref().map(stamp).unwrap_or_default();
        let models = load(folder.as_deref())?;
        let asked = Arc::new(AtomicBool::new(false));
        let source = ModelSource { folder, load, in_force, changing: None, last_look: Instant::now(), asked };
        Ok((source, models))
    }

    /// Set to true (by SIGHUP) to read the models anew whether their files changed or not.
    pub fn ask(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.asked)
    }

    /// New models, if there are some: `None` when nothing changed, an error when the new files are bad (they are
    /// not tried again until they change again).
    pub fn look(&mut self) -> Option<anyhow::Result<Models>> {
        let asked = self.asked.swap(false, Ordering::Relaxed);
        if !asked && self.last_look.elapsed() < LOOK_EVERY {
            return None;
        }
        self.last_look = Instant::now();
        let Some(folder) = &self.folder else {
            return asked.then(|| (self.load)(None));
        };
        let now = stamp(folder);
        let settled = self.changing.as_ref() == Some(&now);
        if !asked && now == self.in_force {
            self.changing = None;
            return None;
        }
        if !asked && !settled {
            self.changing = Some(now);
            return None;
        }
        self.changing = None;
        self.in_force = now;
        Some((self.load)(Some(folder)))
    }
}

fn stamp(folder: &Path) -> Stamp {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut stamp: Stamp = entries
        .filter(|entry| entry.path().extension().is_some_and(|extension| extension == "model"))
        .filter_map(|entry| {
            let metadata = entry.metadata().ok()?;
            Some((entry.path(), metadata.len(), metadata.modified().ok()))
        })
        .collect();
    stamp.sort();
    stamp
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::news::language::LanguageModel;

    /// The folder's one file, read as the shipped language model's would be.
    fn load(folder: Option<&Path>) -> anyhow::Result<Models> {
        let bytes = std::fs::read(folder.expect("a folder is named").join("language.model"))?;
        Ok(Models { language: LanguageModel::read(&bytes)?, topics: Default::default() })
    }

    #[test]
    fn new_models_come_when_asked_for_and_bad_ones_are_an_error() {
        let shipped = include_bytes!("../../models/language.model");
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("language.model");
        std::fs::write(&file, shipped).expect("written");
        let (mut source, _) = ModelSource::open(folder.path(), load).expect("the models load");
        assert!(source.look().is_none(), "nothing changed");

        source.ask().store(true, Ordering::Relaxed);
        source.look().expect("asked for").expect("the same models are good");

        std::fs::write(&file, b"not a model").expect("written");
        source.ask().store(true, Ordering::Relaxed);
        let error = source.look().expect("asked for").expect_err("the file is no model");
        assert!(error.to_string().contains("newswire model file"), "{error}");
        assert!(source.look().is_none(), "a bad file is not tried again before it changes");
    }

    #[test]
    fn a_changed_file_is_taken_once_it_no_longer_changes() {
        let shipped = include_bytes!("../../models/language.model");
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("language.model"), shipped).expect("written");
        let (mut source, _) = ModelSource::open(folder.path(), load).expect("the models load");
        let mut look_later = || {
            source.last_look = Instant::now().checked_sub(LOOK_EVERY).expect("the machine runs for a second");
            source.look().map(|models| models.is_ok())
        };
        assert_eq!(look_later(), None);
        std::fs::write(folder.path().join("other.model"), b"half").expect("written");
        assert_eq!(look_later(), None, "the first sight of a change");
        std::fs::write(folder.path().join("other.model"), b"whole now").expect("written");
        assert_eq!(look_later(), None, "it still changes");
        assert_eq!(look_later(), Some(true));
        assert_eq!(look_later(), None);
    }
}
