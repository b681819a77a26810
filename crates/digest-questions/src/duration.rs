//! Lengths of time as people write them: `90m`, `27h`, `7d`.

/// Seconds of a length of time.
///
/// # Errors
/// A sentence for whoever wrote it.
pub fn duration(text: &str) -> Result<i64, String> {
    let refused = || {
        let text: String = text.chars().take(64).collect();
        format!("{text:?} is no duration such as 90m, 27h or 7d")
    };
    let (number, unit) = text
        .char_indices()
        .next_back()
        .map(|(at, _)| text.split_at(at))
        .ok_or_else(refused)?;
    let seconds = match unit {
        "m" => 60,
        "h" => 3600,
        "d" => 86_400,
        _ => return Err(refused()),
    };
    let number = number.parse::<u32>().ok().filter(|number| *number > 0);
    let number = number.filter(|_| !text.starts_with('+')).ok_or_else(refused)?;
    Ok(i64::from(number) * seconds)
}
