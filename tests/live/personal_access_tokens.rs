//! Personal access tokens of users, which are renamed and deleted by their name in the path, and on
//! newer servers by a name in the body.

use logto_api::Method;

use crate::harness::{Outcome, Run};

const TOKENS: &str = "/api/users/{userId}/personal-access-tokens";
const TOKEN: &str = "/api/users/{userId}/personal-access-tokens/{name}";

pub(crate) async fn scenario(run: Run) -> Outcome {
    let users = run.logto.users();
    let user = users.create().username(run.name("user")).send().await?.id;
    let created = users.create_personal_access_token(&user, "first").send().await?;
    assert_eq!((created.user_id.as_str(), created.name.as_str()), (&*user, "first"));
    assert!(!format!("{created:?}").contains(&created.value), "a token is not shown");
    let names = async || -> logto_api::Result<Vec<String>> {
        let tokens = users.list_personal_access_tokens(&user).send().await?;
        Ok(tokens.into_iter().map(|token| token.name).collect())
    };
    assert_eq!(names().await?, ["first"]);

    match run.lacks(&Method::PATCH, TOKEN).await {
        true => run.leaves_out(
            "personal access tokens by their path: this Logto takes their name in the body alone",
        ),
        false => {
            users.update_personal_access_token_by_path(&user, "first", "second").send().await?;
            assert_eq!(names().await?, ["second"]);
            users.delete_personal_access_token_by_path(&user, "second").send().await?;
            assert!(names().await?.is_empty());
            users.create_personal_access_token(&user, "first").send().await?;
        }
    }
    match run.lacks(&Method::PATCH, TOKENS).await {
        true => run.leaves_out(
            "personal access tokens by a body: this Logto takes their name in the path alone",
        ),
        false => {
            users
                .update_personal_access_token(&user, "second")
                .current_name("first")
                .send()
                .await?;
            assert_eq!(names().await?, ["second"]);
            users.delete_personal_access_token(&user, "second").send().await?;
            assert!(names().await?.is_empty());
        }
    }
    Ok(())
}
