//! The headers that a dead letter carries beside those of its page. They are part of the contract.

/// The stable code: [`RejectReason::code`](crate::news::page::RejectReason::code).
pub const REASON: &str = "newswire-reason";
/// The reason as a sentence for a person.
pub const DETAIL: &str = "newswire-detail";
/// Where the page stands in the input.
pub const TOPIC: &str = "newswire-topic";
pub const PARTITION: &str = "newswire-partition";
pub const OFFSET: &str = "newswire-offset";
/// When the page was set aside: RFC 3339, UTC.
pub const TIME: &str = "newswire-time";

/// All of them, in the order in which they are written.
pub const HEADERS: [&str; 6] = [REASON, DETAIL, TOPIC, PARTITION, OFFSET, TIME];
