//! Dates as people write them, in UTC: the portal does not know where a person is.

use portico_app::Locale;
use time::OffsetDateTime;

const ENGLISH: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const GERMAN: [&str; 12] = [
    "Januar",
    "Februar",
    "März",
    "April",
    "Mai",
    "Juni",
    "Juli",
    "August",
    "September",
    "Oktober",
    "November",
    "Dezember",
];

/// `2 December 2026` or `2. Dezember 2026`.
pub fn day(at: OffsetDateTime, locale: Locale) -> String {
    let at = at.to_offset(time::UtcOffset::UTC);
    let (day, year, month) = (at.day(), at.year(), usize::from(u8::from(at.month()) - 1));
    match locale {
        Locale::En => format!("{day} {} {year}", ENGLISH[month]),
        Locale::De => format!("{day}. {} {year}", GERMAN[month]),
    }
}

/// `2 December 2026, 10:00 UTC` or `2. Dezember 2026, 10:00 Uhr UTC`.
pub fn minute(at: OffsetDateTime, locale: Locale) -> String {
    let at = at.to_offset(time::UtcOffset::UTC);
    let clock = match locale {
        Locale::En => "",
        Locale::De => " Uhr",
    };
    format!("{}, {:02}:{:02}{clock} UTC", day(at, locale), at.hour(), at.minute())
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn each_language_has_its_own_way_to_write_an_instant() {
        let at = datetime!(2027-03-02 00:05 +2);
        assert_eq!(minute(at, Locale::En), "1 March 2027, 22:05 UTC");
        assert_eq!(minute(at, Locale::De), "1. März 2027, 22:05 Uhr UTC");
        assert_eq!(day(datetime!(2026-12-31 23:59 UTC), Locale::De), "31. Dezember 2026");
        assert_eq!(day(datetime!(2026-01-01 0:00 UTC), Locale::En), "1 January 2026");
    }
}
