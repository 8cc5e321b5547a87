//! Who may call: origins, signatures, visitor tokens, the operator.

pub mod address;
pub mod operator;
pub mod signature;
pub mod sites;
pub mod visitor;

pub use sites::Sites;
