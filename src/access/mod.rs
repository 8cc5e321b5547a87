//! Who may call: origins, signatures, visitor tokens, the operator.

pub mod sites;

pub use sites::Sites;
