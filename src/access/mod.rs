//! Who may call: origins, signatures, visitor tokens, keys of programs, the operator.

pub mod address;
pub mod api_keys;
pub mod operator;
pub mod signature;
pub mod sites;
pub mod visitor;

pub use api_keys::ApiKeys;
pub use sites::Sites;
