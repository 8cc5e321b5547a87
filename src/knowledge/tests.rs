use super::*;

#[test]
fn the_first_question_is_answered_with_the_steps() {
    let knowledge = Knowledge::with_manual();
    let answer = knowledge.compose("site_demo", "How do I install the WordPress plugin?");
    assert!(answer.found, "{answer:?}");
    assert_eq!(answer.sources[0].url, "/manual/wordpress#install-the-plugin");
    assert!(
        answer.text.contains("Upload Plugin") && answer.text.contains("[1]"),
        "{}",
        answer.text
    );
}
