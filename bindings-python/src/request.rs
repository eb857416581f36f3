//! What one call says of a person, from Python values.

use identity_core::{Field, IdentifyRequest, InvalidInput, InvalidReason, PhoneNumber};
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
    match value.hasattr("__index__") {
        Ok(true) => {
            let digits: u64 = value.extract().map_err(|_| InvalidReason::NotAWholeNumber)?;
            Ok(Some(PhoneNumber::Number(digits)))
        }
        _ => Err(InvalidReason::NotTextOrNumber),
    }
}

/// Up to here every whole number is a `float` of its own.
pub(crate) const LARGEST_WHOLE: f64 = 9_007_199_254_740_992.0;

/// The digits of a number that was a whole one before something made a `float` of it, as pandas does with a column of
/// integers that has gaps. What a `float` cannot tell from its neighbours is refused.
pub(crate) fn whole(float: f64, largest: f64) -> Result<u64, InvalidReason> {
    if float >= 0.0 && float <= largest && float.fract() == 0.0 {
        Ok(float as u64)
    } else {
        Err(InvalidReason::NotAWholeNumber)
    }
}

/// `None`, or what data frames put in its place: NaN, `pandas.NA`, `pandas.NaT`.
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
    let name = value.get_type().name();
    name.is_ok_and(|name| name.to_cow().is_ok_and(|name| matches!(&*name, "NAType" | "NaTType")))
}
