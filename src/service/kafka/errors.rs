//! What Kafka's errors mean for the service: what time heals, what a person must mend, what a record is to blame for.

use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};

use super::client;
use crate::service::broker::BrokerError;

/// Whether a record is refused for what it is, so that the same record would be refused again.
pub(super) fn is_refusal(code: Code) -> bool {
    matches!(
        code,
        Code::MessageSizeTooLarge
            | Code::InvalidMessageSize
            | Code::InvalidRecord
            | Code::InvalidTimestamp
            | Code::PolicyViolation
    )
}

/// What a person must mend, as a sentence; `None` for what time may heal.
pub(super) fn remedy(code: Code) -> Option<&'static str> {
    Some(match code {
        Code::TopicAuthorizationFailed => {
            "the broker does not let this user at a topic; give it READ on the input topic and WRITE and DESCRIBE \
             on the output and dead-letter topics"
        }
        Code::GroupAuthorizationFailed => {
            "the broker does not let this user into the consumer group; give it READ on the group"
        }
        Code::TransactionalIdAuthorizationFailed => {
            "the broker does not let this user use the transactional id; give it WRITE and DESCRIBE on \
             transactional ids that begin with the group's name, or set delivery = \"at-least-once\""
        }
        Code::ClusterAuthorizationFailed => {
            "the broker does not let this user write idempotently; give it IDEMPOTENT_WRITE on the cluster"
        }
        Code::SaslAuthenticationFailed | Code::Authentication => {
            "the broker does not accept the login; look at sasl.username, sasl.password and sasl.mechanism"
        }
        Code::FencedInstanceId => {
            "another instance has the same group.instance.id; give each instance its own"
        }
        Code::UnsupportedVersion | Code::UnsupportedFeature => {
            "the broker is too old for this; transactions need Kafka 2.5, or set delivery = \"at-least-once\""
        }
        _ => return None,
    })
}

/// The error in a sentence, without the names of Rust types.
pub fn sentence(error: &KafkaError) -> String {
    if let Some(refusal) = client::refusal(error) {
        return refusal;
    }
    match (error, error.rdkafka_error_code()) {
        (KafkaError::Transaction(error), _) => error.string(),
        (_, Some(code)) => code.to_string(),
        _ => error.to_string(),
    }
}

/// The worker's view of an error: what to wait for, or why to stop.
pub(super) fn broker_error(what: &str, error: &KafkaError) -> BrokerError {
    let remedy = error.rdkafka_error_code().and_then(remedy);
    match remedy {
        Some(remedy) => BrokerError::Stop(format!("{what}: {} ({remedy})", sentence(error))),
        None if client::refusal(error).is_some() => BrokerError::Stop(sentence(error)),
        None => BrokerError::Wait(format!("{what}: {}", sentence(error))),
    }
}

/// No broker answers at `brokers`; `told` is the newest error of a connection. A login or a certificate that is
/// refused stops the service where it has never worked; everything else may heal.
pub(super) fn unreachable(brokers: &str, error: &KafkaError, told: Option<(Code, String)>) -> BrokerError {
    let Some((code, why)) = told else {
        return BrokerError::Wait(format!(
            "no broker answers at {brokers}: {} (if it is up, look at security.protocol)",
            sentence(error)
        ));
    };
    match code {
        Code::SaslAuthenticationFailed | Code::Authentication => BrokerError::Stop(format!(
            "the broker at {brokers} does not accept the login: {why} (look at sasl.mechanism, sasl.username and \
             sasl.password)"
        )),
        Code::SSL => BrokerError::Stop(format!(
            "no TLS connection to the broker at {brokers}: {why} (look at security.protocol and ssl.ca.location)"
        )),
        _ => BrokerError::Wait(format!(
            "no broker answers at {brokers}: {why} (if it is up, look at security.protocol)"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The sentence must hold every one of `words`; whether the service waits or stops.
    #[track_caller]
    fn check(told: Option<(Code, &str)>, stops: bool, words: &[&str]) {
        let timed_out = KafkaError::MetadataFetch(Code::OperationTimedOut);
        let told = told.map(|(code, why)| (code, why.to_owned()));
        let error = unreachable("k:9092", &timed_out, told);
        assert_eq!(matches!(error, BrokerError::Stop(_)), stops, "{error}");
        for word in words {
            assert!(error.to_string().contains(word), "{word:?} is not in {error}");
        }
    }

    #[test]
    fn a_broker_that_does_not_answer_is_named_with_the_cause() {
        check(None, false, &["k:9092", "no broker answers"]);
        check(Some((Code::BrokerTransportFailure, "Connection refused")), false, &["Connection refused"]);
        check(
            Some((Code::SaslAuthenticationFailed, "bad password")),
            true,
            &["login", "bad password", "sasl."],
        );
        check(Some((Code::SSL, "certificate verify failed")), true, &["certificate", "ssl.ca.location"]);
    }

    #[test]
    fn what_a_person_must_mend_stops_and_the_rest_waits() {
        let denied = KafkaError::MetadataFetch(Code::TopicAuthorizationFailed);
        let error = broker_error("reading", &denied);
        assert!(matches!(&error, BrokerError::Stop(reason) if reason.contains("READ")), "{error}");
        let passing = KafkaError::MetadataFetch(Code::BrokerTransportFailure);
        assert!(matches!(broker_error("reading", &passing), BrokerError::Wait(_)));
        assert!(is_refusal(Code::MessageSizeTooLarge) && !is_refusal(Code::MessageTimedOut));
    }
}
