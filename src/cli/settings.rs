//! The arguments by which every command that needs the service's settings finds them.

use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::Args;

use crate::config::Settings;

/// The file that is read where none is named and it exists.
const USUAL_FILE: &str = "newswire.toml";

#[derive(Debug, Args)]
pub struct SettingsArguments {
    /// The settings file; without it `NEWSWIRE_CONFIG`'s, or `newswire.toml` where there is one.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// A setting, over the file and the environment, such as `batch.max_pages=50`; may be given again.
    #[arg(long = "set", value_name = "KEY=VALUE")]
    set: Vec<String>,
}

impl SettingsArguments {
    /// The settings: the file, the environment over it, the command line over both.
    pub fn load(&self) -> anyhow::Result<Settings> {
        let usual = Path::new(USUAL_FILE);
        let named = self.config.clone().or_else(|| std::env::var_os("NEWSWIRE_CONFIG").map(PathBuf::from));
        let file = named.or_else(|| usual.exists().then(|| usual.to_owned()));
        // A variable that is not UTF-8 is none of ours.
        let environment = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
        Settings::load(file.as_deref(), environment, &self.set).context("the settings are wrong")
    }
}
