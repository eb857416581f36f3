//! Arrow columns of emails and phone numbers, in whatever types the libraries of the day have them.

use std::fmt;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{
    Decimal32Type, Decimal64Type, Decimal128Type, Decimal256Type, Float32Type, Float64Type, Int8Type,
    Int16Type, Int32Type, Int64Type, RunEndIndexType, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{
    Array, ArrayRef, Decimal128Array, Float64Array, Int64Array, LargeStringArray, PrimitiveArray, RunArray,
    StringArray, StringViewArray, UInt64Array,
};
use arrow_schema::DataType;
use identity_core::{InvalidReason, PhoneRef, Rows};

use crate::request::{LARGEST_WHOLE, LARGEST_WHOLE_F32, whole};

/// A range of rows of two columns; the columns are shared.
#[derive(Clone)]
pub(crate) struct ArrowRows {
    email: Option<Arc<Column>>,
    phone: Option<Arc<Column>>,
    first: usize,
    count: usize,
}

impl ArrowRows {
    /// Rows of whole columns of that many rows.
    pub(crate) fn new(email: Option<Column>, phone: Option<Column>, count: usize) -> Self {
        Self { email: email.map(Arc::new), phone: phone.map(Arc::new), first: 0, count }
    }

    /// Takes up to `most` rows off the front; `None` where there are none left.
    pub(crate) fn take_front(&mut self, most: usize) -> Option<Self> {
        let count = most.min(self.count);
        let front = Self { count, ..self.clone() };
        self.first += count;
        self.count -= count;
        (count > 0).then_some(front)
    }
}

impl Rows for ArrowRows {
    fn count(&self) -> usize {
        self.count
    }

    fn email(&self, row: usize) -> Result<Option<&str>, InvalidReason> {
        self.email.as_ref().map_or(Ok(None), |column| column.text(self.first + row))
    }

    fn phone_number(&self, row: usize) -> Result<Option<PhoneRef<'_>>, InvalidReason> {
        self.phone.as_ref().map_or(Ok(None), |column| column.phone(self.first + row))
    }
}

impl fmt::Debug for ArrowRows {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ArrowRows").field("count", &self.count).finish_non_exhaustive()
    }
}

/// One column.
pub(crate) enum Column {
    Text(StringArray),
    LargeText(LargeStringArray),
    TextView(StringViewArray),
    Signed(Int64Array),
    Unsigned(UInt64Array),
    /// And the largest whole number that its type can tell from its neighbours.
    Float(Float64Array, f64),
    /// And how many of the digits are behind the point.
    Decimal(Decimal128Array, i8),
    /// Where each row's value is among those of another column; `None` where there is none.
    Places(Vec<Option<usize>>, Box<Column>),
    Nothing,
}

impl Column {
    /// The column of an array; `None` for types that hold no identifiers.
    pub(crate) fn new(array: &ArrayRef) -> Option<Self> {
        Some(match array.data_type() {
            DataType::Null => Self::Nothing,
            DataType::Utf8 => Self::Text(array.as_string().clone()),
            DataType::LargeUtf8 => Self::LargeText(array.as_string().clone()),
            DataType::Utf8View => Self::TextView(array.as_string_view().clone()),
            DataType::Int8 => Self::Signed(widen(array.as_primitive::<Int8Type>())),
            DataType::Int16 => Self::Signed(widen(array.as_primitive::<Int16Type>())),
            DataType::Int32 => Self::Signed(widen(array.as_primitive::<Int32Type>())),
            DataType::Int64 => Self::Signed(array.as_primitive::<Int64Type>().clone()),
            DataType::UInt8 => Self::Unsigned(array.as_primitive::<UInt8Type>().unary(u64::from)),
            DataType::UInt16 => Self::Unsigned(array.as_primitive::<UInt16Type>().unary(u64::from)),
            DataType::UInt32 => Self::Unsigned(array.as_primitive::<UInt32Type>().unary(u64::from)),
            DataType::UInt64 => Self::Unsigned(array.as_primitive::<UInt64Type>().clone()),
            DataType::Float32 => {
                Self::Float(array.as_primitive::<Float32Type>().unary(f64::from), LARGEST_WHOLE_F32)
            }
            DataType::Float64 => Self::Float(array.as_primitive::<Float64Type>().clone(), LARGEST_WHOLE),
            DataType::Decimal32(_, scale) => {
                Self::Decimal(array.as_primitive::<Decimal32Type>().unary(i128::from), *scale)
            }
            DataType::Decimal64(_, scale) => {
                Self::Decimal(array.as_primitive::<Decimal64Type>().unary(i128::from), *scale)
            }
            DataType::Decimal128(_, scale) => {
                Self::Decimal(array.as_primitive::<Decimal128Type>().clone(), *scale)
            }
            DataType::Decimal256(_, scale) => {
                // What does not fit is no phone number, and as little is what is below 0.
                let fitting =
                    array.as_primitive::<Decimal256Type>().unary(|value| value.to_i128().unwrap_or(-1));
                Self::Decimal(fitting, *scale)
            }
            DataType::Dictionary(_, _) => {
                let dictionary = array.as_any_dictionary_opt()?;
                let (keys, values) = (dictionary.keys(), dictionary.values());
                let places = match values.len() {
                    0 => vec![None; keys.len()],
                    _ => dictionary.normalized_keys().into_iter().map(Some).collect(),
                };
                let places: Vec<_> = places
                    .into_iter()
                    .enumerate()
                    .map(|(row, place): (usize, Option<usize>)| place.filter(|_| keys.is_valid(row)))
                    .collect();
                Self::Places(places, Box::new(Self::new(values)?))
            }
            DataType::RunEndEncoded(ends, _) => match ends.data_type() {
                DataType::Int16 => Self::of_runs(array.as_run::<Int16Type>())?,
                DataType::Int32 => Self::of_runs(array.as_run::<Int32Type>())?,
                _ => Self::of_runs(array.as_run::<Int64Type>())?,
            },
            _ => return None,
        })
    }

    fn of_runs<E: RunEndIndexType>(array: &RunArray<E>) -> Option<Self> {
        let places = (0..array.len()).map(|row| Some(array.get_physical_index(row))).collect();
        Some(Self::Places(places, Box::new(Self::new(array.values())?)))
    }

    /// A row's email.
    fn text(&self, row: usize) -> Result<Option<&str>, InvalidReason> {
        match self {
            Self::Text(array) => Ok(array.is_valid(row).then(|| array.value(row))),
            Self::LargeText(array) => Ok(array.is_valid(row).then(|| array.value(row))),
            Self::TextView(array) => Ok(array.is_valid(row).then(|| array.value(row))),
            Self::Places(places, values) => places[row].map_or(Ok(None), |place| values.text(place)),
            Self::Float(array, _) if array.is_valid(row) && array.value(row).is_nan() => Ok(None),
            Self::Signed(array) if array.is_valid(row) => Err(InvalidReason::NotText),
            Self::Unsigned(array) if array.is_valid(row) => Err(InvalidReason::NotText),
            Self::Float(array, _) if array.is_valid(row) => Err(InvalidReason::NotText),
            Self::Decimal(array, _) if array.is_valid(row) => Err(InvalidReason::NotText),
            _ => Ok(None),
        }
    }

    /// A row's phone number.
    fn phone(&self, row: usize) -> Result<Option<PhoneRef<'_>>, InvalidReason> {
        let digits = match self {
            Self::Text(_) | Self::LargeText(_) | Self::TextView(_) => {
                return Ok(self.text(row)?.map(PhoneRef::Text));
            }
            Self::Places(places, values) => {
                return places[row].map_or(Ok(None), |place| values.phone(place));
            }
            Self::Signed(array) if array.is_valid(row) => u64::try_from(array.value(row)).ok(),
            Self::Unsigned(array) if array.is_valid(row) => Some(array.value(row)),
            Self::Float(array, _) if array.is_valid(row) && array.value(row).is_nan() => return Ok(None),
            Self::Float(array, largest) if array.is_valid(row) => Some(whole(array.value(row), *largest)?),
            Self::Decimal(array, scale) if array.is_valid(row) => without_point(array.value(row), *scale),
            _ => return Ok(None),
        };
        digits.map(|digits| Some(PhoneRef::Number(digits))).ok_or(InvalidReason::NotAWholeNumber)
    }
}

/// The digits of a decimal that is a whole number.
fn without_point(value: i128, scale: i8) -> Option<u64> {
    let power = 10_i128.checked_pow(u32::from(scale.unsigned_abs()))?;
    let whole =
        if scale < 0 { value.checked_mul(power)? } else { (value % power == 0).then_some(value / power)? };
    u64::try_from(whole).ok()
}

fn widen<T>(array: &PrimitiveArray<T>) -> Int64Array
where
    T: arrow_array::ArrowPrimitiveType,
    i64: From<T::Native>,
{
    array.unary(i64::from)
}
