//! Where a question belongs: its conversation, and what was said there before.

use super::{Answering, AskError, Asked};
use crate::domain::{AnswerId, ConversationId, Finish, Question, Role, Spent, Turn, VisitorId};
use crate::store::{AnswerStore, StoreError};

/// The latest answers of a conversation that a question may lean on; how many of them a model is told is up to its context.
const REMEMBERED: u32 = 30;

impl Answering {
    /// Removes the visitor's conversation, also one in which an answer is still being made; false when there is none of that visitor.
    pub async fn delete_conversation(
        &self,
        site: &str,
        id: ConversationId,
        visitor: VisitorId,
    ) -> Result<bool, StoreError> {
        let parts = &*self.0;
        // Asked before the store is: an answer has not ended before it is handed to the store.
        let is_answering = parts.runs.is_answering(site, id, visitor);
        let is_gone = parts.store.delete_conversation(site, id, visitor, is_answering).await?;
        if is_gone {
            parts.runs.forget(id);
        }
        Ok(is_gone)
    }
}

/// The question with its history. A conversation is its visitor's alone.
pub async fn place(store: &dyn AnswerStore, asked: Asked) -> Result<Question, AskError> {
    let (conversation, history) = match asked.conversation {
        None => (ConversationId::generate(), Vec::new()),
        Some(id) => {
            let visitor = asked.visitor.ok_or(AskError::UnknownConversation)?;
            match turns(store, &asked.site.key, id, visitor).await {
                Ok(turns) => (id, turns.ok_or(AskError::UnknownConversation)?),
                // Better an answer in a conversation that begins anew than none. Whose this one is cannot be told.
                Err(StoreError::Away) => (ConversationId::generate(), Vec::new()),
                Err(error) => return Err(error.into()),
            }
        }
    };
    Ok(Question {
        site: asked.site,
        text: asked.message,
        answer: AnswerId::generate(),
        conversation,
        history,
        visitor: asked.visitor,
        user: asked.user,
        page: asked.page,
        language: asked.locale.split('-').next().unwrap_or_default().to_owned(),
        locale: asked.locale,
        translation: None,
        spent: Spent::default(),
        route: None,
        enrolment: None,
        reuse: None,
    })
}

/// `None`: there is no such conversation of this visitor on this site.
async fn turns(
    store: &dyn AnswerStore,
    site: &str,
    id: ConversationId,
    visitor: VisitorId,
) -> Result<Option<Vec<Turn>>, StoreError> {
    let answers = store.conversation(site, id, REMEMBERED).await?;
    if !answers.iter().any(|(answer, _)| answer.visitor == Some(visitor)) {
        return Ok(None);
    }
    let turn = |role, text| Turn { role, text };
    let said = answers.into_iter().map(|(answer, _)| answer);
    // An answer that nobody got teaches nothing.
    let told = said.filter(|answer| !answer.text.is_empty() && answer.finish != Finish::Failed);
    let turns = told.flat_map(|answer| {
        [
            turn(Role::User, answer.question),
            turn(Role::Assistant, answer.text.as_ref().to_owned()),
        ]
    });
    Ok(Some(turns.collect()))
}
