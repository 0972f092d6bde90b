//! What is listed, created, read, changed and deleted in the same way.

use axum::{
    Router,
    extract::{Path, State},
    http::StatusCode,
    response::Response,
    routing::get,
};
use serde_json::Value;

use crate::{
    routes::{
        auth::Management,
        body::JsonBody,
        page::Page,
        reply::{self, Answer},
    },
    rules::{errors::Failure, guard::Field, search::Search},
    state::{
        self, Store,
        collection::{Collection, Members, object, text},
        ids::Ids,
        params::Params,
    },
};

/// How a list can be searched: by patterns or by a word.
pub(crate) enum Searched {
    Patterns,
    Word,
}

/// For whom an entity is shown.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum View {
    Created,
    Listed,
    Read,
}

/// A kind of entity. What is not said here is the same for all of them.
pub(crate) trait Entity: 'static {
    /// Its path below `/api`, by which messages call it, too.
    const NAME: &'static str;
    const CREATE: &'static [Field];
    const UPDATE: &'static [Field];
    /// The status of a creation.
    const CREATED: StatusCode = StatusCode::CREATED;
    /// Whether its list comes in pages even where no page is asked for.
    const PAGED: bool = false;
    const SEARCHED: Searched = Searched::Patterns;

    fn collection(state: &mut state::State) -> &mut Collection;

    /// What a new one has where the request does not say.
    fn defaults(ids: &mut Ids) -> Value;

    /// Refuses what a new one, or the one with this id, must not have.
    fn check(_: &mut state::State, _: &Members, _id: Option<&str>) -> Result<(), Failure> {
        Ok(())
    }

    /// What comes into being with a new one.
    fn created(_: &mut state::State, _: &Members) {}

    /// Adds what only this view has.
    fn show(_: &state::State, _: View, _: &mut Members) {}

    /// Whether the list that is asked for has it.
    fn is_wanted(_: &Params, _: &Members) -> bool {
        true
    }

    fn check_delete(_id: &str) -> Result<(), Failure> {
        Ok(())
    }

    /// The answer to deleting what is not there.
    fn nothing_to_delete(id: &str) -> Failure {
        Failure::no_such(Self::NAME, id)
    }
}

pub(crate) fn routes<E: Entity>() -> Router<Store> {
    let path = format!("/api/{}", E::NAME);
    Router::new()
        .route(&path, get(list::<E>).post(create::<E>))
        .route(&format!("{path}/{{id}}"), get(read::<E>).patch(update::<E>).delete(delete::<E>))
}

async fn list<E: Entity>(_: Management, State(store): State<Store>, query: Params) -> Answer {
    let page = if E::PAGED { Page::of(&query)? } else { Page::if_asked(&query)? };
    let fields = &["id", "name", "description"];
    let search = match E::SEARCHED {
        Searched::Patterns => Search::of(&query, fields)?,
        Searched::Word => Search::for_word(&query, fields),
    };
    let mut state = store.lock();
    let all = E::collection(&mut state).newest_first();
    let found = all.filter(|entity| E::is_wanted(&query, entity));
    let found = found.filter(|entity| search.finds(|field| text(entity, field)));
    let found: Vec<Members> = found.cloned().collect();
    let shown = found.into_iter().map(|entity| show::<E>(&state, View::Listed, entity)).collect();
    Ok(page.answer(&format!("{}/{}", state.endpoint, E::NAME), shown))
}

async fn create<E: Entity>(_: Management, State(store): State<Store>, body: JsonBody) -> Answer {
    let members = body.check(E::CREATE)?;
    let mut state = store.lock();
    E::check(&mut state, &members, None)?;
    let mut entity = object(E::defaults(&mut state.ids));
    entity.extend(members);
    E::collection(&mut state).add(entity.clone());
    E::created(&mut state, &entity);
    Ok(reply::json(E::CREATED, &show::<E>(&state, View::Created, entity)))
}

async fn read<E: Entity>(
    _: Management,
    State(store): State<Store>,
    Path(id): Path<String>,
) -> Answer {
    let mut state = store.lock();
    let entity = find::<E>(&mut state, &id)?;
    Ok(reply::ok(&show::<E>(&state, View::Read, entity)))
}

async fn update<E: Entity>(
    _: Management,
    State(store): State<Store>,
    Path(id): Path<String>,
    body: JsonBody,
) -> Answer {
    let members = body.check(E::UPDATE)?;
    let mut state = store.lock();
    find::<E>(&mut state, &id)?;
    E::check(&mut state, &members, Some(&id))?;
    change(E::collection(&mut state), &id, members).ok_or_else(|| Failure::no_such(E::NAME, &id))
}

async fn delete<E: Entity>(
    _: Management,
    State(store): State<Store>,
    Path(id): Path<String>,
) -> Answer {
    E::check_delete(&id)?;
    let mut state = store.lock();
    if !E::collection(&mut state).remove(|entity| text(entity, "id") == Some(&id)) {
        return Err(E::nothing_to_delete(&id));
    }
    state.forget(&id);
    Ok(reply::no_content())
}

/// The one with this id, or the refusal that there is none.
pub(crate) fn find<E: Entity>(state: &mut state::State, id: &str) -> Result<Members, Failure> {
    let entity = E::collection(state).find(id).cloned();
    entity.ok_or_else(|| Failure::no_such(E::NAME, id))
}

/// Sets these members of the entity with this id, and answers with all of them.
pub(crate) fn change(collection: &mut Collection, id: &str, members: Members) -> Option<Response> {
    let entity = collection.find_mut(id)?;
    entity.extend(members);
    Some(reply::ok(&entity.clone().into()))
}

/// The answer to taking something away that was there or not.
pub(crate) fn removed(was_there: bool) -> Answer {
    match was_there {
        true => Ok(reply::no_content()),
        false => Err(Failure::new(404, "entity.not_found")),
    }
}

fn show<E: Entity>(state: &state::State, view: View, mut entity: Members) -> Value {
    E::show(state, view, &mut entity);
    entity.into()
}
