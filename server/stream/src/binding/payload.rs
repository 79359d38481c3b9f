use std::borrow::Cow;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::value::RawValue;
use thiserror::Error;

/// The member of an event in JSON that carries its data (CloudEvents JSON Event Format 1.0.2, section 3.1).
#[derive(Clone, Copy, Debug)]
pub(crate) enum JsonMember<'a> {
    /// `data`.
    Data(&'a RawValue),
    /// `data_base64`.
    Base64(&'a RawValue),
}

/// The data cannot be carried over from one mode to the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub(crate) enum PayloadError {
    #[error("data_base64 is not base64")]
    NotBase64,
    #[error("data holds a string that is no text")]
    NotText,
    #[error("the data is not the JSON that its content type says")]
    NotJson,
}

impl<'a> JsonMember<'a> {
    /// The bytes that the binary mode carries: JSON as it is written, a string of another type as its text, and what
    /// base64 stands for.
    pub(crate) fn bytes(self, content_type: Option<&str>) -> Result<Cow<'a, [u8]>, PayloadError> {
        match self {
            Self::Base64(member) => {
                let text: Cow<'_, str> =
                    serde_json::from_str(member.get()).map_err(|_| PayloadError::NotBase64)?;
                STANDARD.decode(&*text).map(Cow::Owned).map_err(|_| PayloadError::NotBase64)
            }
            Self::Data(member) if is_json(content_type) || !member.get().starts_with('"') => {
                Ok(Cow::Borrowed(member.get().as_bytes()))
            }
            Self::Data(member) => {
                let text: String = serde_json::from_str(member.get()).map_err(|_| PayloadError::NotText)?;
                Ok(Cow::Owned(text.into_bytes()))
            }
        }
    }
}

/// Adds the member that carries `data` to an object that is not closed yet. Nothing, where there is no data.
pub(super) fn put(json: &mut String, data: &[u8], content_type: Option<&str>) -> Result<(), PayloadError> {
    if data.is_empty() {
        return Ok(());
    }
    if is_json(content_type) {
        let value: &RawValue = serde_json::from_slice(data).map_err(|_| PayloadError::NotJson)?;
        json.push_str(",\"data\":");
        json.push_str(value.get());
        return Ok(());
    }
    let is_text = content_type.is_some_and(|media_type| media_type.starts_with("text/"));
    match std::str::from_utf8(data) {
        Ok(text) if is_text => {
            json.push_str(",\"data\":");
            json.push_str(&serde_json::Value::from(text).to_string());
        }
        _ => {
            json.push_str(",\"data_base64\":\"");
            STANDARD.encode_string(data, json);
            json.push('"');
        }
    }
    Ok(())
}

/// Whether data of this type is JSON; it is where nothing is said.
pub(crate) fn is_json(content_type: Option<&str>) -> bool {
    let Some(content_type) = content_type else { return true };
    let media_type = content_type.split(';').next().unwrap_or_default().trim();
    let subtype = media_type.split_once('/').map_or("", |(_, subtype)| subtype);
    subtype.eq_ignore_ascii_case("json")
        || subtype.rsplit_once('+').is_some_and(|(_, suffix)| suffix.eq_ignore_ascii_case("json"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn there_and_back(member: &str, base64: bool, content_type: Option<&str>) -> (Vec<u8>, String) {
        let raw = RawValue::from_string(member.to_owned()).expect("JSON");
        let member = if base64 { JsonMember::Base64(&raw) } else { JsonMember::Data(&raw) };
        let bytes = member.bytes(content_type).expect("carried over").into_owned();
        let mut json = String::new();
        put(&mut json, &bytes, content_type).expect("carried back");
        (bytes, json)
    }

    #[test]
    fn json_goes_there_and_back_byte_for_byte() {
        for data in [r#"{"b":1,"a":12345678901234567890.10,"b":2}"#, "null", r#""\ud800""#, "[ 1 ,\n2 ]"] {
            for content_type in [None, Some("application/json"), Some("application/problem+JSON; a=b")] {
                let (bytes, json) = there_and_back(data, false, content_type);
                assert_eq!(bytes, data.as_bytes());
                assert_eq!(json, format!(",\"data\":{data}"));
            }
        }
    }

    #[test]
    fn text_and_bytes_keep_their_content() {
        let (bytes, json) = there_and_back(r#""a\u00e9\n""#, false, Some("text/plain"));
        assert_eq!((bytes.as_slice(), json.as_str()), ("aé\n".as_bytes(), ",\"data\":\"aé\\n\""));
        let (bytes, json) = there_and_back(r#""/wA=""#, true, Some("image/png"));
        assert_eq!((bytes.as_slice(), json.as_str()), ([0xff, 0].as_slice(), ",\"data_base64\":\"/wA=\""));
    }

    #[test]
    fn what_is_not_of_its_type_is_refused() {
        assert_eq!(put(&mut String::new(), b"{", None), Err(PayloadError::NotJson));
        assert_eq!(put(&mut String::new(), b"\xff", Some("application/json")), Err(PayloadError::NotJson));
        let raw = RawValue::from_string("\"*\"".to_owned()).expect("JSON");
        assert_eq!(JsonMember::Base64(&raw).bytes(None), Err(PayloadError::NotBase64));
    }
}
