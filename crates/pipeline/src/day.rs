//! One day: what was read for it is collected, each call counts once, and its tables replace those of an
//! earlier build.

#[expect(unreachable_pub, reason = "to be narrowed with the rewrite of its contents")]
pub(crate) mod calls;
#[expect(unreachable_pub, reason = "to be narrowed with the rewrite of its contents")]
pub(crate) mod collect;
pub(crate) mod manifest;
#[expect(unreachable_pub, reason = "to be narrowed with the rewrite of its contents")]
pub(crate) mod prepare;
#[expect(unreachable_pub, reason = "to be narrowed with the rewrite of its contents")]
mod price;
#[expect(unreachable_pub, reason = "to be narrowed with the rewrite of its contents")]
pub(crate) mod publish;
pub(crate) mod replace;
mod rows;
pub(crate) mod spool;
#[expect(unreachable_pub, reason = "to be narrowed with the rewrite of its contents")]
pub(crate) mod trail;
