//! Words that are numbers.

/// Words, and their numbers in digits.
pub type Numerals = &'static [(&'static str, &'static str)];

pub const ENGLISH: Numerals = &[
    ("one", "1"),
    ("two", "2"),
    ("three", "3"),
    ("four", "4"),
    ("five", "5"),
    ("six", "6"),
    ("seven", "7"),
    ("eight", "8"),
    ("nine", "9"),
    ("ten", "10"),
    ("eleven", "11"),
    ("twelve", "12"),
    ("fourteen", "14"),
    ("fifteen", "15"),
    ("twenty", "20"),
    ("thirty", "30"),
    ("forty", "40"),
    ("fifty", "50"),
    ("sixty", "60"),
    ("ninety", "90"),
    ("hundred", "100"),
];
/// German, French and Spanish.
pub const OTHERS: Numerals = &[
    ("eins", "1"),
    ("zwei", "2"),
    ("drei", "3"),
    ("vier", "4"),
    ("fünf", "5"),
    ("sechs", "6"),
    ("sieben", "7"),
    ("acht", "8"),
    ("neun", "9"),
    ("zehn", "10"),
    ("elf", "11"),
    ("zwölf", "12"),
    ("vierzehn", "14"),
    ("zwanzig", "20"),
    ("dreißig", "30"),
    ("hundert", "100"),
    ("deux", "2"),
    ("trois", "3"),
    ("quatre", "4"),
    ("cinq", "5"),
    ("sept", "7"),
    ("huit", "8"),
    ("neuf", "9"),
    ("dix", "10"),
    ("douze", "12"),
    ("quinze", "15"),
    ("trente", "30"),
    ("dos", "2"),
    ("tres", "3"),
    ("cuatro", "4"),
    ("cinco", "5"),
    ("seis", "6"),
    ("siete", "7"),
    ("ocho", "8"),
    ("nueve", "9"),
    ("diez", "10"),
    ("doce", "12"),
    ("treinta", "30"),
];

/// The number that a word in lower case is, in digits.
pub fn digits(word: &str, languages: &[Numerals]) -> Option<&'static str> {
    let mut all = languages.iter().copied().flatten();
    all.find(|(name, _)| *name == word).map(|(_, digits)| *digits)
}
