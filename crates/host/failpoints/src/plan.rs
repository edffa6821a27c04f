//! What `ENIGMA_FAILPOINTS` says.

use crate::names;

/// What is done at a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action {
    Kill,
    Pause,
    Error,
}

/// An action and the pass at which it is done; `None`: see the crate's table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Order {
    pub(crate) place: usize,
    pub(crate) action: Action,
    pub(crate) pass: Option<u64>,
}

/// A variable that arms nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Misarmed {
    /// Not `name=action` or `name=action@n`.
    #[error("{part:?} is not name=kill, name=pause or name=error, with @n from 1 at will")]
    Syntax {
        /// What was read.
        part: String,
    },
    /// No place has this name.
    #[error("no failpoint is named {name:?}")]
    Unknown {
        /// What was read.
        name: String,
    },
    /// A place is named twice.
    #[error("the failpoint {name} is armed twice")]
    Twice {
        /// The place.
        name: &'static str,
    },
    /// A pause without a folder would have no end.
    #[error("a pause needs ENIGMA_FAILPOINTS_DIR")]
    NoFolder,
    /// Armed before.
    #[error("failpoints are armed once, when the process starts")]
    Again,
}

/// The orders in `text`, at most one a place.
pub(crate) fn parse(text: &str) -> Result<Vec<Order>, Misarmed> {
    let mut orders: Vec<Order> = Vec::new();
    for part in text.split(';').map(str::trim).filter(|part| !part.is_empty()) {
        let order = parse_one(part)?;
        if orders.iter().any(|other| other.place == order.place) {
            return Err(Misarmed::Twice { name: names::NAMES[order.place] });
        }
        orders.push(order);
    }
    Ok(orders)
}

fn parse_one(part: &str) -> Result<Order, Misarmed> {
    let syntax = || Misarmed::Syntax { part: part.to_owned() };
    let (name, order) = part.split_once('=').ok_or_else(syntax)?;
    let (action, pass) = match order.split_once('@') {
        Some((action, pass)) => {
            (action, Some(pass.parse().ok().filter(|&pass: &u64| pass > 0).ok_or_else(syntax)?))
        }
        None => (order, None),
    };
    let action = match action {
        "kill" => Action::Kill,
        "pause" => Action::Pause,
        "error" => Action::Error,
        _ => return Err(syntax()),
    };
    let place = names::find(name).ok_or_else(|| Misarmed::Unknown { name: name.to_owned() })?;
    Ok(Order { place, action, pass })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_are_read() {
        let orders =
            parse("worker.sync.chunk=kill@3; key.release.after=pause;key.release.before=error;").unwrap();
        let place = names::place;
        let expected = [
            Order { place: place("worker.sync.chunk"), action: Action::Kill, pass: Some(3) },
            Order { place: place("key.release.after"), action: Action::Pause, pass: None },
            Order { place: place("key.release.before"), action: Action::Error, pass: None },
        ];
        assert_eq!(orders, expected);
        assert_eq!(parse(""), Ok(Vec::new()));
    }

    #[test]
    fn a_slip_is_refused_and_not_passed_over() {
        let syntax = [
            "worker.sync.chunk",
            "worker.sync.chunk=",
            "worker.sync.chunk=kill@0",
            "worker.sync.chunk=kill@x",
        ];
        for text in syntax {
            assert!(matches!(parse(text), Err(Misarmed::Syntax { .. })), "{text}");
        }
        assert_eq!(parse("worker.synk=kill"), Err(Misarmed::Unknown { name: "worker.synk".to_owned() }));
        let twice = parse("worker.sync.chunk=kill;worker.sync.chunk=pause");
        assert_eq!(twice, Err(Misarmed::Twice { name: "worker.sync.chunk" }));
    }
}
