//! Where a key enclave stands among the others. A host can rewind its disk and feed old headers: so a new life serves
//! nobody before its own view contains a block that enough other members have shown to be at, in answer to a challenge
//! of this life. Whoever wants more must rewind as many enclaves as make a key.

use alloy_primitives::B256;
use enigma_crypto::{
    bls::{self, Signature},
    threshold::{MemberIndex, partial},
};
use enigma_lightclient::Follower;
use enigma_platform::{Platform, random_secret};
use enigma_primitives::tags;
use enigma_protocol::{
    door::{CatchingUp, Code, Refusal, UntrustedStatement, UntrustedStatements, View},
    network::head_message,
    peer::HeadStatement,
};

use crate::{door::Seated, seat::Seat};

/// Whether this life may serve.
pub(crate) enum Duty {
    /// Its identity and its seat are of this life, or it has caught up.
    Serving,
    /// It has not shown yet that it is where the others are.
    Waiting {
        /// Fresh in this life: no statement was made for it before.
        challenge: B256,
        /// The block that its view must contain; none before enough members have answered.
        goal: Option<View>,
    },
}

impl Duty {
    /// The duty of a later life: to find out where the others are.
    ///
    /// # Errors
    /// `NoRandomness`.
    pub(crate) fn resumed(platform: &mut dyn Platform) -> Result<Self, Refusal> {
        let challenge = random_secret::<32>(platform)?.expose(|bytes| B256::new(*bytes));
        Ok(Self::Waiting { challenge, goal: None })
    }

    /// # Errors
    /// `Behind` with the block that is lacking, or 0 if that is not known yet.
    pub(crate) fn serving(&self) -> Result<(), Refusal> {
        match self {
            Self::Serving => Ok(()),
            Self::Waiting { goal, .. } => Err(behind(goal.as_ref())),
        }
    }
}

/// This member's word on the block that it is at. It needs no duty: were all key nodes to restart at once, nobody could
/// catch up otherwise.
pub(crate) fn state(seated: &Seated, question: &UntrustedStatement) -> HeadStatement {
    let View { number, hash } = seated.follower.view();
    let message = head_message(seated.follower.network(), question.challenge, number, hash);
    let part = partial(&seated.seat.share, tags::CURVE_HEAD, &message);
    HeadStatement { member: part.member.get(), number, hash, partial: part.signature.to_bytes() }
}

/// What has to be shown; `None` once this enclave serves.
///
/// # Errors
/// `Behind` if it is known what to wait for, and it is not in view.
pub(crate) fn catch_up(seated: &mut Seated) -> Result<Option<CatchingUp>, Refusal> {
    match &seated.duty {
        Duty::Serving => Ok(None),
        Duty::Waiting { challenge, goal: None } => {
            let needed = u8::try_from(needed(&seated.seat)).map_err(|_| Code::Internal)?;
            Ok(Some(CatchingUp { challenge: *challenge, needed }))
        }
        Duty::Waiting { goal: Some(goal), .. } if !contains(&seated.follower, goal) => {
            Err(behind(Some(goal)))
        }
        Duty::Waiting { .. } => {
            seated.duty = Duty::Serving;
            Ok(None)
        }
    }
}

/// Takes statements of other members and sets the goal by them, if they are enough. Newer ones replace it: a block may
/// have been reorganised away, and statements for this challenge are all of this life.
///
/// # Errors
/// `WrongStatement` with the member, and nothing has changed; `Behind` if they are too few or the goal is not in view.
pub(crate) fn take(seated: &mut Seated, message: &UntrustedStatements) -> Result<(), Refusal> {
    let Duty::Waiting { challenge, goal: kept } = &seated.duty else { return Ok(()) };
    let challenge = *challenge;
    let mut heads = others(seated, challenge, &message.statements.0)?;
    // The (t − 1)-th highest: with this enclave, t members are there.
    heads.sort_unstable_by_key(|head| std::cmp::Reverse(head.number));
    let Some(goal) = heads.into_iter().nth(needed(&seated.seat).saturating_sub(1)) else {
        return Err(behind(kept.as_ref()));
    };
    seated.duty = Duty::Waiting { challenge, goal: Some(goal) };
    catch_up(seated).map(|_| ())
}

/// The heads that other members have stated, one a member: the first.
fn others(seated: &Seated, challenge: B256, statements: &[HeadStatement]) -> Result<Vec<View>, Refusal> {
    let mut seen = vec![seated.seat.share.member().get()];
    let mut heads = Vec::new();
    for statement in statements {
        if seen.contains(&statement.member) {
            continue;
        }
        if !holds(seated, challenge, statement) {
            return Err(Refusal { code: Code::WrongStatement, detail: statement.member.into() });
        }
        seen.push(statement.member);
        heads.push(View { number: statement.number, hash: statement.hash });
    }
    Ok(heads)
}

/// Whether the member's share has made the statement.
fn holds(seated: &Seated, challenge: B256, statement: &HeadStatement) -> bool {
    let message = head_message(seated.follower.network(), challenge, statement.number, statement.hash);
    let key = MemberIndex::new(statement.member).and_then(|member| seated.seat.polynomial.member_key(member));
    let made = |key| {
        let signature = Signature::from_bytes(&statement.partial)?;
        bls::verify(&key, tags::CURVE_HEAD, &message, &signature)
    };
    key.and_then(made).is_ok()
}

/// Other members that have to answer.
fn needed(seat: &Seat) -> usize {
    seat.polynomial.threshold().saturating_sub(1)
}

fn contains(follower: &Follower, head: &View) -> bool {
    follower.chain().hash(head.number) == Some(head.hash)
}

fn behind(goal: Option<&View>) -> Refusal {
    Refusal { code: Code::Behind, detail: goal.map_or(0, |goal| goal.number) }
}
