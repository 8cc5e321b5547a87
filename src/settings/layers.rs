//! The file below, the environment above it: `PENNYPRESS__SERVER__LISTEN=…` is `listen` in `[server]`,
//! `PENNYPRESS__SITES__0__KEY=…` is `key` of the first `[[sites]]`.

use std::collections::{BTreeMap, BTreeSet};

use serde::de::DeserializeOwned;
use toml::{Table, Value};

use super::SettingsError;

const PREFIX: &str = "PENNYPRESS__";

/// A list in the environment may not grow beyond this by its indices.
const MOST_ENTRIES: usize = 1_000;

pub(super) struct Layers {
    file: String,
    table: Table,
    /// Key paths that the file has.
    in_file: BTreeSet<String>,
    /// Key path → what set it.
    from_environment: BTreeMap<String, Variable>,
}

struct Variable {
    name: String,
    text: String,
    keys: Vec<String>,
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
        let mut in_file = BTreeSet::new();
        gather(&mut Vec::new(), &table, &mut in_file);
        let mut layers = Self {
            file: file.to_owned(),
            table,
            in_file,
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
        let variable = Variable {
            name: variable.to_owned(),
            text: text.to_owned(),
            keys,
        };
        self.from_environment.insert(shown(&variable.keys), variable);
        Ok(())
    }

    /// The typed form; an error names the key and where it was set.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T, SettingsError> {
        let mut table = self.table.clone();
        loop {
            let error = match serde_path_to_error::deserialize(Value::Table(table.clone())) {
                Ok(read) => return Ok(read),
                Err(error) => error,
            };
            let mut key = error.path().to_string();
            let message = error.inner().to_string();
            // A second line would only say again in which table.
            let message = message.trim().lines().next().unwrap_or_default();
            // A name such as `2026` was taken for a number.
            if message.ends_with("expected a string")
                && let Some(variable) = self.from_environment.get(&key)
                && let Some(slot) = slot(&mut table, &variable.keys).filter(|slot| !slot.is_str())
            {
                *slot = Value::String(variable.text.clone());
                continue;
            }
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
            return Err(self.wrong(&key, in_words(message)));
        }
    }

    /// An error about a key, as it is written in settings: `server.listen`, `sites[0].key`.
    pub fn wrong(&self, key: &str, problem: impl Into<String>) -> SettingsError {
        let place = match self.variable_of(key) {
            Some(variable) => format!("environment variable {variable} (key `{key}`)"),
            None => format!("{}, key `{key}`", self.file),
        };
        SettingsError::new(place, problem)
    }

    /// The variable that set a key, or, where the file has nothing of it, one that set something in it or around it.
    fn variable_of(&self, key: &str) -> Option<&str> {
        let is_within = |inner: &str, outer: &str| {
            inner
                .strip_prefix(outer)
                .is_some_and(|rest| rest.starts_with(['.', '[']))
        };
        let near = || {
            let mut all = self.from_environment.iter();
            all.find(|(set, _)| is_within(set, key) || is_within(key, set))
                .map(|(_, variable)| variable)
        };
        let exactly = self.from_environment.get(key);
        let found = exactly.or_else(|| if self.in_file.contains(key) { None } else { near() });
        found.map(|variable| variable.name.as_str())
    }
}

/// What serde says of a value that does not fit, for people who do not know Rust's types.
fn in_words(message: &str) -> String {
    let told = message
        .strip_prefix("invalid type: ")
        .or_else(|| message.strip_prefix("invalid value: "))
        .and_then(|rest| rest.rsplit_once(", expected "));
    let Some((found, expected)) = told else {
        return message.to_owned();
    };
    let allowed = match expected {
        "u8" => "a whole number from 0 to 255",
        "u16" => "a whole number from 0 to 65535",
        "u32" => "a whole number from 0 to 4294967295",
        "u64" | "usize" => "a whole number from 0",
        "f64" => "a number",
        "a sequence" => "a list, such as `[\"one\", \"another\"]`",
        "a string" => "a text, in quotes",
        "a boolean" => "`true` or `false`",
        other if other.starts_with("struct ") || other == "a map" => "a table of keys",
        other => other,
    };
    format!("found {found}; allowed is {allowed}")
}

/// The paths of all keys of a table.
fn gather(path: &mut Vec<String>, table: &Table, found: &mut BTreeSet<String>) {
    for (key, value) in table {
        path.push(key.clone());
        gather_value(path, value, found);
        path.pop();
    }
}

fn gather_value(path: &mut Vec<String>, value: &Value, found: &mut BTreeSet<String>) {
    found.insert(shown(path));
    match value {
        Value::Table(table) => gather(path, table, found),
        Value::Array(list) => {
            for (index, value) in list.iter().enumerate() {
                path.push(index.to_string());
                gather_value(path, value, found);
                path.pop();
            }
        }
        _ => {}
    }
}

/// What stands under a path.
fn slot<'a>(table: &'a mut Table, keys: &[String]) -> Option<&'a mut Value> {
    let (first, rest) = keys.split_first()?;
    rest.iter().try_fold(table.get_mut(first)?, |value, key| match value {
        Value::Table(table) => table.get_mut(key),
        Value::Array(list) => list.get_mut(key.parse::<usize>().ok()?),
        _ => None,
    })
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
