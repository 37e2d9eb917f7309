//! The image and the compose file, as far as they can be judged without a Docker engine.

use serde_json::Value;

const COMPOSE: &str = include_str!("../../docker-compose.yml");
const SPECIFICATION: &str = include_str!("../data/compose-spec.schema.json");
const DOCKERFILE: &str = include_str!("../../Dockerfile");

fn compose() -> Value {
    serde_yaml_ng::from_str(COMPOSE).expect("docker-compose.yml is YAML")
}

fn breaches(compose: &Value) -> Vec<String> {
    let mut specification: Value = serde_json::from_str(SPECIFICATION).expect("the specification is JSON");
    // The validator wants an absolute identifier.
    specification["$id"] = "urn:compose-spec".into();
    let validator = jsonschema::validator_for(&specification).expect("the specification is a JSON Schema");
    validator.iter_errors(compose).map(|error| format!("{error} at {}", error.instance_path)).collect()
}

#[test]
fn the_compose_file_follows_the_compose_specification() {
    assert_eq!(breaches(&compose()), Vec::<String>::new());
    let mut broken = compose();
    broken["services"]["newswire"]["port"] = "8080".into();
    assert!(!breaches(&broken).is_empty(), "an unknown key passes");
}

#[test]
fn services_wait_for_what_they_need() {
    let services = &compose()["services"];
    let mut waits = 0;
    for (name, service) in services.as_object().expect("services is a map") {
        for (needed, wait) in service["depends_on"].as_object().into_iter().flatten() {
            waits += 1;
            let needed_service = &services[needed];
            assert!(needed_service.is_object(), "{name} waits for {needed}, which is no service");
            let condition = wait["condition"].as_str().expect("depends_on names a condition");
            // newswire's health check is the image's.
            let checked = needed_service["healthcheck"].is_object() || needed_service["image"] == "newswire";
            assert!(
                condition != "service_healthy" || checked,
                "{name} waits for {needed}'s missing health check"
            );
        }
    }
    assert_eq!(waits, 2, "newswire waits for kafka, the feeder for newswire");
}

#[test]
fn newswire_scales_without_a_clash_of_host_ports() {
    let newswire = &compose()["services"]["newswire"];
    assert!(newswire["container_name"].is_null(), "a fixed name allows one container");
    for port in newswire["ports"].as_array().expect("newswire publishes a port") {
        let host_port = port.as_str().expect("a port is a string").rsplit(':').nth(1);
        assert_eq!(host_port, Some(""), "{port} fixes the host's port");
    }
}

#[test]
fn the_image_runs_as_nobody_special_and_checks_its_health() {
    let last_stage = DOCKERFILE.rsplit("\nFROM ").next().expect("the Dockerfile has a stage");
    assert!(DOCKERFILE.matches("\nFROM ").count() == 2, "the sources and tools stay out of the final image");
    assert!(last_stage.contains("\nUSER 10001\n"));
    assert!(last_stage.contains("\nHEALTHCHECK ") && last_stage.contains(r#"CMD ["newswire", "health"]"#));
}
