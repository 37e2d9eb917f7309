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
