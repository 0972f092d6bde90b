//! Made-up users, as various as the members of a real list: none is anyone's.

use std::fmt::Write;

/// The body of a page: `size` users, the first of which has this number.
pub(crate) fn page(first: usize, size: usize) -> String {
    let mut body = String::from("[");
    for number in first..first + size {
        if number > first {
            body.push(',');
        }
        user(&mut body, number);
    }
    body + "]"
}

/// Every third is bare, the others have names, contacts and a profile; some have identities.
fn user(body: &mut String, number: usize) {
    let created = 1_790_000_000_000_u64 + number as u64 * 61_000;
    let _ = match number % 3 {
        0 => write!(
            body,
            r#"{{"id":"u{number:011}","username":"member_{number}","primaryEmail":null,"primaryPhone":null,"name":null,"avatar":null,"customData":{{}},"identities":{{}},"lastSignInAt":null,"profile":{{}},"#
        ),
        1 => write!(
            body,
            r#"{{"id":"u{number:011}","username":"member_{number}","primaryEmail":"member{number}@example.com","primaryPhone":"346{number:08}","name":"Member {number}","avatar":null,"customData":{{"plan":"team","seats":{number}}},"identities":{{}},"lastSignInAt":{created},"profile":{{"givenName":"Member","familyName":"Number {number}","address":{{"country":"ES","locality":"Málaga"}}}},"#
        ),
        _ => write!(
            body,
            r#"{{"id":"u{number:011}","username":null,"primaryEmail":"member{number}@example.com","primaryPhone":null,"name":"Member {number}","avatar":"https://images.example.com/{number}.png","customData":{{"theme":"dark"}},"identities":{{"github":{{"userId":"{number}","details":{{"id":"{number}","name":"Member {number}","email":"member{number}@example.com"}}}}}},"lastSignInAt":{created},"profile":{{"locale":"es-ES"}},"#
        ),
    };
    let _ = write!(
        body,
        r#""createdAt":{created},"updatedAt":{created},"applicationId":null,"cimdClientId":null,"isSuspended":false,"hasPassword":{}}}"#,
        number.is_multiple_of(2)
    );
}
