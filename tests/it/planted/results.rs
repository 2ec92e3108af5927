//! What comes back on a question.

use super::sample::{SECRET, leaks, places, sample};
use super::world::{World, none_comes_out, question, tool, with};
use portcullis::wire::form::{answers, lists};
use portcullis::wire::method::Method;
use serde_json::{Map, Value, json};

#[test]
fn none_comes_out_of_a_result() {
    let world = World::start("planted-results", tool());
    let mut cases = 0;
    let modern = [
        Method::Discover,
        Method::ToolsCall,
        Method::PromptsList,
        Method::PromptsGet,
        Method::ResourcesList,
        Method::ResourcesTemplatesList,
        Method::ResourcesRead,
        Method::DirectoryRead,
        Method::SkillsList,
        Method::SkillsGet,
        Method::Complete,
        Method::SubscriptionsListen,
    ];
    for method in modern {
        none_comes_out(
            method.as_str(),
            method.result(),
            |result| {
                world.plan(Vec::new(), json!({"result": with(result, "resultType", "complete")}));
                world.modern(method.as_str(), question(method))
            },
            &mut cases,
        );
    }
    for (name, kind, form) in
        [("input required", "input_required", &answers::INPUT_REQUIRED), ("task", "task", &answers::TASK)]
    {
        none_comes_out(
            name,
            form,
            |result| {
                let mut result = with(result, "resultType", kind);
                result.entry("taskId").or_insert(json!(format!("t {SECRET}")));
                world.plan(Vec::new(), json!({"result": result}));
                world.modern("tools/call", question(Method::ToolsCall))
            },
            &mut cases,
        );
    }
    let task = world.begin_task();
    for method in [Method::TasksGet, Method::TasksCancel, Method::TasksUpdate] {
        none_comes_out(
            method.as_str(),
            method.result(),
            |result| {
                let mut result = with(result, "resultType", "complete");
                result.entry("taskId").or_insert(json!(format!("t {SECRET}")));
                world.plan(Vec::new(), json!({"result": result}));
                world.modern(method.as_str(), Map::from_iter([("taskId".to_owned(), json!(task))]))
            },
            &mut cases,
        );
    }
    println!("{cases} places of results of 2026-07-28");
    assert!(cases > 200, "{cases}");
}

#[test]
fn none_comes_out_of_a_result_within_a_session() {
    let world = World::start("planted-legacy-results", tool());
    let mut cases = 0;
    let task = world.begin_task();
    let legacy = [
        Method::Initialize,
        Method::LoggingSetLevel,
        Method::ResourcesSubscribe,
        Method::ResourcesUnsubscribe,
        Method::TasksList,
        Method::ToolsCall,
    ];
    for method in legacy {
        none_comes_out(
            &format!("legacy {}", method.as_str()),
            method.result(),
            |mut result| {
                if method == Method::Initialize {
                    result.insert("protocolVersion".into(), json!("2025-11-25"));
                }
                world.plan(Vec::new(), json!({"result": result}));
                world.legacy(
                    &json!({"jsonrpc": "2.0", "id": 2, "method": method.as_str(), "params": question(method)}),
                )
            },
            &mut cases,
        );
    }
    none_comes_out(
        "tasks/result",
        Method::TasksResult.result(),
        |result| {
            world.plan(Vec::new(), json!({"result": result}));
            world.legacy(
                &json!({"jsonrpc": "2.0", "id": 2, "method": "tasks/result", "params": {"taskId": task}}),
            )
        },
        &mut cases,
    );
    none_comes_out(
        "legacy task",
        &answers::TASK_CREATED,
        |mut result| {
            result["task"]["taskId"] = json!("one more");
            world.plan(Vec::new(), json!({"result": result}));
            world.legacy(&json!({"jsonrpc": "2.0", "id": 2, "method": "tools/call",
            "params": {"name": "watch", "arguments": {}, "task": {"ttl": 1}}}))
        },
        &mut cases,
    );
    println!("{cases} places of results within a session");
    assert!(cases > 100, "{cases}");
}

#[test]
fn a_session_takes_no_result_that_its_revision_lacks() {
    let world = World::start("planted-newer-results", tool());
    let call = || {
        let params = json!({"name": "watch", "arguments": {}});
        world.legacy(&json!({"jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": params}))
    };
    for (kind, taken) in [("task", false), ("input_required", false), ("complete", true), ("other", true)] {
        let content = json!([{"type": "text", "text": "all is well"}]);
        world.plan(Vec::new(), json!({"result": {"resultType": kind, "taskId": "t", "content": content}}));
        let answer = call();
        assert_eq!(answer.body.contains("all is well"), taken, "{kind}: {answer:?}");
        assert_eq!(answer.body.contains("\"isError\":true"), !taken, "{kind}: {answer:?}");
    }
}

#[test]
fn none_comes_out_of_a_tool_list() {
    // One tool a place, pinned as it is: its reviewers may have missed the number.
    let places = places(&lists::TOOL);
    let tools: Vec<Value> = places
        .iter()
        .enumerate()
        .map(|(number, place)| {
            let mut tool = sample(&lists::TOOL, place);
            if place != ".name" {
                tool.insert("name".into(), json!(format!("tool{number}")));
            }
            for schema in ["inputSchema", "outputSchema"] {
                if place != &format!(".{schema}") {
                    tool.insert(
                        schema.into(),
                        json!({"type": "object", "properties": {"ssn": {"type": "string"}}}),
                    );
                }
            }
            Value::Object(tool)
        })
        .collect();
    let world = World::start("planted-tools", Value::Array(tools));
    let answer = world.modern("tools/list", Map::new());
    assert!(!leaks(&answer.bytes()), "{}", answer.body);
    assert!(
        answer.body.contains("tool1") && answer.body.contains("\"ssn\":{\"type\":\"string\"}"),
        "{}",
        answer.body
    );
}
