//! What one call says of a person, from Python values.

use std::borrow::Cow;

use identity_core::{ContactId, Field, IdentifyRequest, InvalidInput, InvalidReason, PhoneNumber};
use pyo3::exceptions::PyOverflowError;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyFloat, PyString};

use crate::error;

/// A request from a call's arguments.
///
/// # Errors
/// `InvalidInputError`, which names the field, for values of other types.
pub(crate) fn request(
    py: Python<'_>,
    email: Option<&Bound<'_, PyAny>>,
    phone_number: Option<&Bound<'_, PyAny>>,
) -> PyResult<IdentifyRequest> {
    let invalid = |field| move |reason| error::invalid(py, InvalidInput::new(field, reason));
    Ok(IdentifyRequest {
        email: email.map_or(Ok(None), text).map_err(invalid(Field::Email))?,
        phone_number: phone_number.map_or(Ok(None), number).map_err(invalid(Field::PhoneNumber))?,
    })
}

/// The id of a contact.
///
/// # Errors
/// `InvalidInputError` for a number that no database has, and `TypeError` for what is no number.
pub(crate) fn id(py: Python<'_>, value: &Bound<'_, PyAny>) -> PyResult<ContactId> {
    match value.extract::<i64>() {
        Ok(id) => Ok(id.into()),
        Err(error) if error.is_instance_of::<PyOverflowError>(py) => Err(error::invalid_id(py)),
        Err(error) => Err(error),
    }
}

/// An email: text, or nothing.
pub(crate) fn text(value: &Bound<'_, PyAny>) -> Result<Option<String>, InvalidReason> {
    if is_nothing(value) {
        return Ok(None);
    }
    let text = value.cast::<PyString>().map_err(|_| InvalidReason::NotText)?;
    // Half a surrogate pair is no character.
    let text = text.to_cow().map_err(|_| InvalidReason::ForbiddenCharacter)?;
    Ok(Some(text.into_owned()))
}

/// A phone number: text, a whole number, or nothing.
pub(crate) fn number(value: &Bound<'_, PyAny>) -> Result<Option<PhoneNumber>, InvalidReason> {
    if is_nothing(value) {
        return Ok(None);
    }
    if let Ok(text) = value.cast::<PyString>() {
        let text = text.to_cow().map_err(|_| InvalidReason::NotAPhoneNumber)?;
        return Ok(Some(PhoneNumber::Text(text.into_owned())));
    }
    if value.is_instance_of::<PyBool>() {
        return Err(InvalidReason::NotTextOrNumber);
    }
    if let Ok(float) = value.cast::<PyFloat>() {
        return whole(float.value(), LARGEST_WHOLE).map(|digits| Some(PhoneNumber::Number(digits)));
    }
    if value.hasattr("__index__").unwrap_or(false) {
        let digits: u64 = value.extract().map_err(|_| InvalidReason::NotAWholeNumber)?;
        return Ok(Some(PhoneNumber::Number(digits)));
    }
    let digits = match kind(value).as_deref() {
        // NumPy's, which is no `float`.
        Some("float32") => value.extract().ok().map(|float| whole(float, LARGEST_WHOLE_F32)),
        Some("Decimal") => Some(decimal(value).ok_or(InvalidReason::NotAWholeNumber)),
        _ => None,
    };
    digits.unwrap_or(Err(InvalidReason::NotTextOrNumber)).map(|digits| Some(PhoneNumber::Number(digits)))
}

/// The digits of a `decimal.Decimal` that is a whole number.
fn decimal(value: &Bound<'_, PyAny>) -> Option<u64> {
    // 1E+999999999 would be written out.
    let digits: i64 = value.call_method0("adjusted").ok()?.extract().ok()?;
    if digits > 20 {
        return None;
    }
    let (whole, parts): (Bound<'_, PyAny>, u64) =
        value.call_method0("as_integer_ratio").ok()?.extract().ok()?;
    if parts == 1 { whole.extract().ok() } else { None }
}

/// Up to here every whole number is a `float` of its own, and no other becomes it. 2^53 is 2^53 + 1 as well.
pub(crate) const LARGEST_WHOLE: f64 = 9_007_199_254_740_991.0;

/// The same of numbers of 32 bits.
pub(crate) const LARGEST_WHOLE_F32: f64 = 16_777_215.0;

/// The digits of a number that was a whole one before something made a `float` of it, as pandas does with a column of
/// integers that has gaps. What a `float` cannot tell from its neighbours is refused.
pub(crate) fn whole(float: f64, largest: f64) -> Result<u64, InvalidReason> {
    if float >= 0.0 && float <= largest && float.fract() == 0.0 {
        Ok(float as u64)
    } else {
        Err(InvalidReason::NotAWholeNumber)
    }
}

/// `None`, or what data frames put in its place: NaN of any type, `pandas.NA`, `pandas.NaT`.
fn is_nothing(value: &Bound<'_, PyAny>) -> bool {
    if value.is_none() {
        return true;
    }
    if let Ok(float) = value.cast::<PyFloat>() {
        return float.value().is_nan();
    }
    if value.is_instance_of::<PyString>() {
        return false;
    }
    match kind(value).as_deref() {
        Some("NAType" | "NaTType") => true,
        Some("float32" | "Decimal") => value.ne(value).unwrap_or(false),
        _ => false,
    }
}

/// The name of a value's type.
fn kind(value: &Bound<'_, PyAny>) -> Option<String> {
    value.get_type().name().ok()?.to_cow().ok().map(Cow::into_owned)
}
