use std::fmt;

use crate::databases::Flavor;

/// The kind of a cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ClusterKind {
    /// MySQL Group Replication in which every member takes writes.
    GroupReplication,
    /// MySQL Group Replication in which one member takes writes, and the others are read-only.
    SinglePrimary,
    /// MariaDB with Galera; every member takes writes.
    Galera,
}

impl ClusterKind {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::GroupReplication, Self::SinglePrimary, Self::Galera];

    /// The kind of its members.
    pub fn flavor(self) -> Flavor {
        match self {
            Self::GroupReplication | Self::SinglePrimary => Flavor::MySql,
            Self::Galera => Flavor::MariaDb,
        }
    }
}

impl fmt::Display for ClusterKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::GroupReplication => "MySQL Group Replication",
            Self::SinglePrimary => "MySQL Group Replication with a single primary",
            Self::Galera => "MariaDB Galera",
        })
    }
}
