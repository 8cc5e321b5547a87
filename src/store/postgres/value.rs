//! Values as Postgres takes them.

use std::borrow::Cow;
use std::sync::Arc;

use sqlx::{Encode, Type};

use super::dialect::Db;

/// A value as this engine takes it.
pub(super) trait Value<'v>: Send {
    fn taken(self) -> impl Encode<'v, Db> + Type<Db> + 'v;
}

macro_rules! as_it_is {
    ($($kind:ty),*) => {$(
        impl<'v> Value<'v> for $kind {
            fn taken(self) -> impl Encode<'v, Db> + Type<Db> + 'v {
                self
            }
        }
    )*};
}

as_it_is!(i64, bool, Vec<u8>, &'v [u8]);

/// Postgres has no unsigned numbers.
impl<'v> Value<'v> for u32 {
    fn taken(self) -> impl Encode<'v, Db> + Type<Db> + 'v {
        i64::from(self)
    }
}

impl<'v> Value<'v> for &'v str {
    fn taken(self) -> impl Encode<'v, Db> + Type<Db> + 'v {
        text(Cow::Borrowed(self))
    }
}

impl<'v> Value<'v> for String {
    fn taken(self) -> impl Encode<'v, Db> + Type<Db> + 'v {
        text(Cow::Owned(self))
    }
}

impl<'v> Value<'v> for &'v String {
    fn taken(self) -> impl Encode<'v, Db> + Type<Db> + 'v {
        text(Cow::Borrowed(self))
    }
}

impl<'v> Value<'v> for Arc<str> {
    fn taken(self) -> impl Encode<'v, Db> + Type<Db> + 'v {
        match self.contains('\0') {
            true => Arc::from(without_nul(&self)),
            false => self,
        }
    }
}

impl<'v, T: Value<'v> + 'v> Value<'v> for Option<T> {
    fn taken(self) -> impl Encode<'v, Db> + Type<Db> + 'v {
        self.map(Value::taken)
    }
}

impl<'v> Value<'v> for &'v Option<String> {
    fn taken(self) -> impl Encode<'v, Db> + Type<Db> + 'v {
        self.as_deref().taken()
    }
}

/// Postgres keeps every character but U+0000 (https://www.postgresql.org/docs/current/datatype-character.html), which nobody types,
/// but anybody can send.
fn text(text: Cow<'_, str>) -> Cow<'_, str> {
    match text.contains('\0') {
        true => Cow::Owned(without_nul(&text)),
        false => text,
    }
}

fn without_nul(text: &str) -> String {
    text.replace('\0', "\u{FFFD}")
}
