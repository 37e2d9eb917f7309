//! The kinds of fault.

use std::fmt;

/// What is thrown at a running service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// An instance dies when its records are acknowledged and its offsets are not in the transaction.
    KillAfterProduce,
    /// An instance dies when its offsets are in the transaction, which is not committed.
    KillAfterSendOffsets,
    /// An instance dies while its commit is on its way.
    KillDuringCommit,
    /// An instance stands still, in the midst of a transaction, until the group has given its partitions away;
    /// then it wakes as a zombie.
    StopPastSession,
    /// An instance stands still, in the midst of a transaction, until the broker has aborted that, but not so long
    /// that the group notices: nobody tells it to read its pages again.
    StopPastTransaction,
    /// From one instance to three.
    ScaleUp,
    /// From three instances to one.
    ScaleDown,
    BrokerTerminated,
    BrokerKilled,
    ConnectionsCut,
    ConnectionsDelayed,
    /// What brokers answer is lost.
    ConnectionsHalfClosed,
}

impl Fault {
    pub const ALL: [Fault; 12] = [
        Fault::KillAfterProduce,
        Fault::KillAfterSendOffsets,
        Fault::KillDuringCommit,
        Fault::StopPastSession,
        Fault::StopPastTransaction,
        Fault::ScaleUp,
        Fault::ScaleDown,
        Fault::BrokerTerminated,
        Fault::BrokerKilled,
        Fault::ConnectionsCut,
        Fault::ConnectionsDelayed,
        Fault::ConnectionsHalfClosed,
    ];
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Fault::KillAfterProduce => "SIGKILL between produce and send_offsets",
            Fault::KillAfterSendOffsets => "SIGKILL between send_offsets and commit",
            Fault::KillDuringCommit => "SIGKILL during commit",
            Fault::StopPastSession => "SIGSTOP past the session's time-out",
            Fault::StopPastTransaction => "SIGSTOP past the transaction's time-out, inside the session's",
            Fault::ScaleUp => "scaling 1 -> 3",
            Fault::ScaleDown => "scaling 3 -> 1",
            Fault::BrokerTerminated => "broker SIGTERM and restart",
            Fault::BrokerKilled => "broker SIGKILL and restart",
            Fault::ConnectionsCut => "connections cut",
            Fault::ConnectionsDelayed => "connections delayed",
            Fault::ConnectionsHalfClosed => "connections half-closed",
        })
    }
}
