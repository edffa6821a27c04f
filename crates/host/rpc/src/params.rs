//! Parameters by place or by name, borrowed from the request: what no method takes is never built.

use std::{borrow::Cow, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{DeserializeOwned, Error as _, MapAccess, SeqAccess, Visitor},
};
use serde_json::value::RawValue;

use crate::Failure;

/// Most parameters of a request; methods take three.
const MOST: usize = 8;

/// A list of at most `N` values, read no further than that.
pub(crate) struct AtMost<'a, const N: usize>(pub(crate) Vec<&'a RawValue>);

impl<'de, const N: usize> Deserialize<'de> for AtMost<'de, N> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct List<const N: usize>;
        impl<'de, const N: usize> Visitor<'de> for List<N> {
            type Value = AtMost<'de, N>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "at most {N} values")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
                let mut values = Vec::new();
                while let Some(value) = list.next_element()? {
                    if values.len() == N {
                        return Err(A::Error::custom("too many"));
                    }
                    values.push(value);
                }
                Ok(AtMost(values))
            }
        }
        deserializer.deserialize_seq(List::<N>)
    }
}

/// What a request brings for its method.
pub(crate) enum Params<'a> {
    ByPlace(Vec<&'a RawValue>),
    ByName(Vec<(Cow<'a, str>, &'a RawValue)>, &'a RawValue),
}

impl<'a> Params<'a> {
    /// # Errors
    /// Neither a list nor an object, or too long.
    pub(crate) fn read(raw: Option<&'a RawValue>) -> Result<Self, Failure> {
        let Some(raw) = raw else { return Ok(Self::ByPlace(Vec::new())) };
        let expected = || Failure::params("expected a list or an object of at most 8 parameters");
        match raw.get().as_bytes().first() {
            Some(b'[') => {
                let list: AtMost<'a, MOST> = serde_json::from_str(raw.get()).map_err(|_| expected())?;
                Ok(Self::ByPlace(list.0))
            }
            Some(b'{') => {
                let named: Named<'a> = serde_json::from_str(raw.get()).map_err(|_| expected())?;
                Ok(Self::ByName(named.0, raw))
            }
            _ => Err(expected()),
        }
    }

    /// The parameter at `place` that is called `name`, if it was given.
    ///
    /// # Errors
    /// It is not what is expected.
    pub(crate) fn optional<T: DeserializeOwned>(
        &self,
        place: usize,
        name: &'static str,
        expected: &'static str,
    ) -> Result<Option<T>, Failure> {
        let raw = match self {
            Self::ByPlace(list) => list.get(place).copied(),
            Self::ByName(named, _) => named.iter().find(|(n, _)| n == name).map(|(_, value)| *value),
        };
        match raw {
            None => Ok(None),
            Some(raw) if raw.get() == "null" => Ok(None),
            Some(raw) => serde_json::from_str(raw.get())
                .map(Some)
                .map_err(|_| Failure::params(format!("{name}: expected {expected}"))),
        }
    }

    /// The same, where it must be given.
    ///
    /// # Errors
    /// It is missing, or not what is expected.
    pub(crate) fn required<T: DeserializeOwned>(
        &self,
        place: usize,
        name: &'static str,
        expected: &'static str,
    ) -> Result<T, Failure> {
        self.optional(place, name, expected)?
            .ok_or_else(|| Failure::params(format!("{name} is missing: expected {expected}")))
    }

    /// The object at `place`, or the parameters themselves if they are an object.
    ///
    /// # Errors
    /// It is not what is expected.
    pub(crate) fn options<T: DeserializeOwned + Default>(
        &self,
        place: usize,
        expected: &'static str,
    ) -> Result<T, Failure> {
        let raw = match self {
            Self::ByPlace(list) => list.get(place).copied(),
            Self::ByName(_, raw) => Some(*raw),
        };
        match raw {
            None => Ok(T::default()),
            Some(raw) if raw.get() == "null" => Ok(T::default()),
            Some(raw) => serde_json::from_str(raw.get())
                .map_err(|_| Failure::params(format!("options: expected {expected}"))),
        }
    }

    /// Refuses more than `most` parameters by place.
    ///
    /// # Errors
    /// There are more.
    pub(crate) fn at_most(&self, most: usize) -> Result<(), Failure> {
        match self {
            Self::ByPlace(list) if list.len() > most => {
                Err(Failure::params(format!("expected at most {most} parameters")))
            }
            _ => Ok(()),
        }
    }
}

/// An object of at most [`MOST`] fields.
struct Named<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'de> Deserialize<'de> for Named<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Fields;
        impl<'de> Visitor<'de> for Fields {
            type Value = Named<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut fields = Vec::new();
                while let Some((name, value)) = map.next_entry()? {
                    if fields.len() == MOST {
                        return Err(A::Error::custom("too many"));
                    }
                    fields.push((name, value));
                }
                Ok(Named(fields))
            }
        }
        deserializer.deserialize_map(Fields)
    }
}
