//! A member's number and its share.

use enigma_primitives::{Decode, DecodeError, Encode, Reader, Secret, Writer};

use super::MAX_MEMBERS;
use crate::{Error, Result, bls::PublicKey, scalar::Scalar};

/// A member's number in its committee, from 1 to [`MAX_MEMBERS`]: where the polynomial is evaluated. 0 would
/// be the secret itself, so it cannot be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MemberIndex(u8);

impl MemberIndex {
    /// Checks the range.
    ///
    /// # Errors
    /// [`Error::MemberOutOfRange`].
    pub const fn new(index: u8) -> Result<Self> {
        if index == 0 || index > MAX_MEMBERS {
            Err(Error::MemberOutOfRange { index })
        } else {
            Ok(Self(index))
        }
    }

    /// The number.
    pub const fn get(self) -> u8 {
        self.0
    }
}

impl Encode for MemberIndex {
    fn encode(&self, w: &mut Writer) {
        w.u8(self.0);
    }
}

impl Decode for MemberIndex {
    fn decode(r: &mut Reader<'_>) -> core::result::Result<Self, DecodeError> {
        Self::new(r.u8()?).map_err(|_| DecodeError::Invalid { what: "member number" })
    }
}

/// One member's share `f(index)` of a secret.
#[derive(Debug, PartialEq, Eq)]
pub struct KeyShare {
    member: MemberIndex,
    scalar: Scalar,
}

impl KeyShare {
    /// A share with its member's number.
    pub const fn new(member: MemberIndex, scalar: Scalar) -> Self {
        Self { member, scalar }
    }

    /// Whose share it is.
    pub const fn member(&self) -> MemberIndex {
        self.member
    }

    /// The secret value.
    pub const fn scalar(&self) -> &Scalar {
        &self.scalar
    }

    /// `f(index)·G2`.
    pub fn public_key(&self) -> PublicKey {
        self.scalar.public_key()
    }

    /// The secret value as 32 big-endian bytes, for sealing and for the box to its member.
    pub fn to_bytes(&self) -> Secret<[u8; 32]> {
        self.scalar.to_bytes()
    }

    /// A share from the bytes of [`KeyShare::to_bytes`]. Check it with [`super::PublicPolynomial::verify_share`].
    ///
    /// # Errors
    /// [`Error::ScalarOutOfRange`].
    pub fn from_bytes(member: MemberIndex, bytes: &Secret<[u8; 32]>) -> Result<Self> {
        Ok(Self::new(member, Scalar::from_bytes(bytes)?))
    }
}
