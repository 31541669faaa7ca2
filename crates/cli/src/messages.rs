//! Messages on stderr, as lines of text or of JSON.

use std::io::{IsTerminal, Write};

use clap::ValueEnum;
use serde_json::json;

use crate::escape::escaped;

/// How messages are written. The variants have no doc comments, because clap would list them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    #[default]
    Text,
    Json,
}

/// Writes messages to stderr.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Messages {
    format: LogFormat,
}

impl Messages {
    /// Messages in a format.
    pub(crate) fn new(format: LogFormat) -> Self {
        Messages { format }
    }

    /// Something that the user may want to know.
    pub(crate) fn note(&self, message: &str) {
        self.line("info", "", message);
    }

    /// Something that the user should look at.
    pub(crate) fn warn(&self, message: &str) {
        self.line("warn", "warning: ", message);
    }

    /// Why the command failed.
    pub(crate) fn error(&self, message: &str) {
        self.line("error", "error: ", message);
    }

    /// Whether a progress bar can be shown.
    pub(crate) fn is_terminal(&self) -> bool {
        self.format == LogFormat::Text && std::io::stderr().is_terminal()
    }

    fn line(&self, level: &str, prefix: &str, message: &str) {
        // Parsers of settings files show an error over several lines; all other messages have one.
        let message = message.lines().map(escaped).collect::<Vec<_>>().join("\n");
        let line = match self.format {
            LogFormat::Text => format!("{prefix}{message}\n"),
            LogFormat::Json => format!("{}\n", json!({ "level": level, "message": message })),
        };
        // If stderr is gone, there is nowhere to report it.
        let _ = std::io::stderr().write_all(line.as_bytes());
    }
}
