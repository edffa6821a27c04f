//! What has happened, so that a run which sees little is seen.

/// Counts the kinds of what happened; beside each, how often the usual seeds see it at least.
macro_rules! seen {
    ($($(#[$doc:meta])* $name:ident: $least:literal,)*) => {
        #[derive(Clone, Copy, Debug, Default)]
        pub struct Seen {
            $($(#[$doc])* pub $name: usize,)*
        }

        impl std::ops::AddAssign for Seen {
            fn add_assign(&mut self, other: Self) {
                $(self.$name += other.$name;)*
            }
        }

        impl Seen {
            /// The kinds of which the usual seeds should see more.
            pub fn missing(&self) -> Vec<&'static str> {
                let kinds = [$((stringify!($name), self.$name, $least),)*];
                kinds.into_iter().filter(|(_, seen, least)| seen < least).map(|(name, ..)| name).collect()
            }
        }
    };
}

seen! {
    successes: 10,
    reverts: 2,
    /// Roots that came to be with a value.
    endowments: 1,
    /// Deployments with a value that reverted.
    stillbirths: 1,
    /// Deployments that left nothing: the root destroyed itself.
    suicides: 1,
    /// Contracts made by contracts.
    births: 2,
    /// Those of them that a constructor with steps of its own made.
    constructions: 2,
    /// Commits after which somebody may claim more than before.
    claims: 2,
    /// Commits with calls that failed and had a value.
    failures: 2,
    /// Commits that brought ether to somebody outside, beside the users.
    payments: 6,
    /// Tasks that reverted and had a value.
    refunds: 2,
    /// Transactions with two tasks.
    bundles: 2,
    /// Tasks that another user authorised.
    relayed: 2,
    /// Transactions paid from what Enigma owed their sender.
    credits: 2,
    withdrawals: 2,
}
