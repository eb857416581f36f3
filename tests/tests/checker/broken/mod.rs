//! Each way in which a promise can be broken, made once and found.

mod replies;
mod run;
mod table;

use identity_tests::prove::checker::Violation;

use crate::story::{Ended, Story, asked};

/// Contacts at 0 and 1 are two people, which call 2 merges; call 3 adds the contact at 2; call 4 finds nothing new; call 5 is
/// another person, the contact at 3. No two calls overlap.
async fn story() -> Ended {
    let mut story = Story::new();
    let calls = [(1, 1), (2, 2), (1, 2), (3, 1), (3, 0), (9, 9)];
    for (number, (email, phone)) in calls.into_iter().enumerate() {
        let begin = 10 * number as u64;
        story.answered(asked(email, phone), begin, begin + 5).await;
    }
    let ended = story.end().await;
    assert_eq!(ended.violations(), []);
    ended
}

#[track_caller]
fn assert_found(ended: &Ended, expected: Violation) {
    let found = ended.violations();
    assert!(found.contains(&expected), "{expected:?} is not among {found:#?}");
}
