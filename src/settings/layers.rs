//! The file below, the environment above it: `PENNYPRESS__SERVER__LISTEN=…` is `listen` in `[server]`,
//! `PENNYPRESS__SITES__0__KEY=…` is `key` of the first `[[sites]]`.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use toml::{Table, Value};

use super::SettingsError;

const PREFIX: &str = "PENNYPRESS__";

/// A list in the environment may not grow beyond this by its indices.
const MOST_ENTRIES: usize = 1_000;

pub(super) struct Layers {
    file: String,
    table: Table,
    /// Key path → the variable that set it.
    from_environment: BTreeMap<String, String>,
}

impl Layers {
    pub fn new(file: &str, text: &str, environment: &BTreeMap<String, String>) -> Result<Self, SettingsError> {
        let table = text.parse::<Table>().map_err(|error| {
            let line = error
                .span()
                .map_or(1, |span| text[..span.start.min(text.len())].matches('\n').count() + 1);
            SettingsError::new(
                format!("{file}, line {line}"),
                format!("not valid TOML: {}", error.message()),
            )
        })?;
        let mut layers = Self {
            file: file.to_owned(),
            table,
            from_environment: BTreeMap::new(),
        };
        for (name, value) in environment {
            if let Some(path) = name.strip_prefix(PREFIX) {
                layers.lay(name, path, value)?;
            }
        }
        Ok(layers)
    }

    fn lay(&mut self, variable: &str, path: &str, text: &str) -> Result<(), SettingsError> {
        let keys: Vec<String> = path.split("__").map(str::to_lowercase).collect();
        let wrong = |problem: &str| SettingsError::new(format!("environment variable {variable}"), problem.to_owned());
        if keys.iter().any(String::is_empty) {
            return Err(wrong(
                "the name must be PENNYPRESS__ and the key's path, joined by two underscores",
            ));
        }
        let mut place = Place::Table(&mut self.table);
        for (depth, key) in keys.iter().enumerate() {
            let last = depth + 1 == keys.len();
            let next_is_index = keys
                .get(depth + 1)
                .is_some_and(|next| next.bytes().all(|b| b.is_ascii_digit()));
            let fresh = || {
                if next_is_index {
                    Value::Array(Vec::new())
                } else {
                    Value::Table(Table::new())
                }
            };
            let slot = match place {
                Place::Table(table) => table.entry(key.clone()).or_insert_with(fresh),
                Place::List(list) => {
                    let index: usize = key.parse().map_err(|_| wrong("a list is indexed by a number from 0"))?;
                    if index > list.len() || index >= MOST_ENTRIES {
                        return Err(wrong("list indices start at 0 and leave no gap"));
                    }
                    if index == list.len() {
                        list.push(fresh());
                    }
                    &mut list[index]
                }
            };
            if last {
                *slot = read_value(text);
                break;
            }
            place = match slot {
                Value::Table(table) => Place::Table(table),
                Value::Array(list) => Place::List(list),
                _ => {
                    return Err(wrong(
                        "it names a key inside a value that is neither a table nor a list",
                    ));
                }
            };
        }
        self.from_environment.insert(shown(&keys), variable.to_owned());
        Ok(())
    }

    /// The typed form; an error names the key and where it was set.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T, SettingsError> {
        serde_path_to_error::deserialize(Value::Table(self.table.clone())).map_err(|error| {
            let mut key = error.path().to_string();
            let message = error.inner().to_string();
            // A second line would only say again in which table.
            let message = message.trim().lines().next().unwrap_or_default().to_owned();
            if let Some(unknown) = message
                .strip_prefix("unknown field `")
                .and_then(|rest| rest.split('`').next())
            {
                let inside = key == unknown || key.ends_with(&format!(".{unknown}"));
                if key == "." {
                    key = unknown.to_owned();
                } else if !inside {
                    key = format!("{key}.{unknown}");
                }
            }
            self.wrong(&key, message)
        })
    }

    /// An error about a key, as it is written in settings: `server.listen`, `sites[0].key`.
    pub fn wrong(&self, key: &str, problem: impl Into<String>) -> SettingsError {
        let place = match self.from_environment.get(key) {
            Some(variable) => format!("environment variable {variable} (key `{key}`)"),
            None => format!("{}, key `{key}`", self.file),
        };
        SettingsError::new(place, problem)
    }
}

enum Place<'a> {
    Table(&'a mut Table),
    List(&'a mut Vec<Value>),
}

/// `sites[0].key` from its parts.
fn shown(keys: &[String]) -> String {
    let mut path = String::new();
    for key in keys {
        if key.bytes().all(|b| b.is_ascii_digit()) {
            path.push_str(&format!("[{key}]"));
        } else {
            if !path.is_empty() {
                path.push('.');
            }
            path.push_str(key);
        }
    }
    path
}

/// Numbers, booleans, lists and quoted texts are read as TOML; everything else is a text as it stands.
fn read_value(text: &str) -> Value {
    match format!("v = {text}").parse::<Table>() {
        Ok(mut table) if table.len() == 1 => match table.remove("v") {
            Some(Value::Datetime(_)) | None => Value::String(text.to_owned()),
            Some(value) => value,
        },
        _ => Value::String(text.to_owned()),
    }
}
