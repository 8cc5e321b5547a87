//! The keys of server-side programs: which program a key belongs to, found in a time that tells nothing about the keys.

use std::sync::Arc;

use subtle::{Choice, ConditionallySelectable, ConstantTimeEq};

use crate::domain::Program;
use crate::settings::ApiKey;

/// All keys, as hashes under a key of this process: no key's length or beginning shows in the time of a comparison.
pub struct ApiKeys {
    hash_key: [u8; 32],
    known: Vec<([u8; 32], Arc<Program>)>,
}

impl ApiKeys {
    pub fn new(keys: &[ApiKey]) -> Self {
        let hash_key: [u8; 32] = rand::random();
        let hashed = |key: &ApiKey| {
            let hash = blake3::keyed_hash(&hash_key, key.key.expose().as_bytes());
            (*hash.as_bytes(), Arc::new(key.program.clone()))
        };
        let known = keys.iter().map(hashed).collect();
        Self { hash_key, known }
    }

    /// Whose key this is. Every known key is compared, whichever fits.
    pub fn find(&self, presented: &str) -> Option<&Arc<Program>> {
        let hash = blake3::keyed_hash(&self.hash_key, presented.as_bytes());
        let (mut found, mut index) = (Choice::from(0), 0u32);
        for (i, (known, _)) in (0u32..).zip(&self.known) {
            let fits = known.ct_eq(hash.as_bytes());
            index.conditional_assign(&i, fits);
            found |= fits;
        }
        let (_, program) = self.known.get(index as usize)?;
        bool::from(found).then_some(program)
    }

    pub fn programs(&self) -> impl Iterator<Item = &Arc<Program>> {
        self.known.iter().map(|(_, program)| program)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Secret;

    #[test]
    fn a_key_finds_its_program_and_nothing_else_does() {
        let key = |name: &str, key: &str| ApiKey {
            key: Secret::new(key),
            program: Program {
                name: name.to_owned(),
                per_minute: None,
                monthly_budget: None,
            },
        };
        let keys = ApiKeys::new(&[key("a", "key-of-the-first"), key("b", "key-of-the-second")]);
        let name = |presented: &str| keys.find(presented).map(|program| program.name.clone());
        assert_eq!(name("key-of-the-first").as_deref(), Some("a"));
        assert_eq!(name("key-of-the-second").as_deref(), Some("b"));
        for wrong in ["", "key-of-the", "key-of-the-first ", "KEY-OF-THE-FIRST"] {
            assert_eq!(name(wrong), None, "{wrong}");
        }
        assert!(ApiKeys::new(&[]).find("key-of-the-first").is_none());
    }
}
