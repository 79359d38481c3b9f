use thiserror::Error;

/// Why a text is no permission.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum PermissionError {
    /// Longer than a name needs to be.
    #[error("is longer than 64 characters")]
    TooLong,
    /// Not of the form `area.action`.
    #[error(
        "is not of the form area.action (lower case letters, digits, hyphens and dots), such as todos.read"
    )]
    Form,
}

/// Checks that `name` is a permission: `area.action`, lower case letters, digits and hyphens, at least one dot, at most
/// 64 characters.
pub fn check_permission(name: &str) -> Result<(), PermissionError> {
    if name.len() > 64 {
        return Err(PermissionError::TooLong);
    }
    let parts = name.split('.').count();
    if parts < 2 || !name.split('.').all(is_word) {
        return Err(PermissionError::Form);
    }
    Ok(())
}

fn is_word(word: &str) -> bool {
    word.starts_with(|c: char| c.is_ascii_lowercase())
        && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_permission_is_area_dot_action() {
        for good in ["todos.read", "org.admin", "a-b.c1.d"] {
            assert_eq!(check_permission(good), Ok(()), "{good}");
        }
        for bad in ["", "todos", ".read", "todos.", "Todos.read", "todos read", "*", "todos.*", "1.2", "a..b"]
        {
            assert_eq!(check_permission(bad), Err(PermissionError::Form), "{bad}");
        }
        assert_eq!(check_permission(&format!("a.{}", "b".repeat(64))), Err(PermissionError::TooLong));
    }
}
