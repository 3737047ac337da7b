//! The durable append-only log of documents: the truth from which every view is rebuilt.

mod view;

pub use view::View;
