package portcullis.authz_test

import data.portcullis.authz

request(scopes, tool) := {
	"method": "tools/call",
	"principal": {"scopes": scopes, "claims": {}},
	"tool": tool,
	"arguments": {},
}

customer := {"server": "ledger", "name": "getCustomerPII", "labels": ["pii"], "scopes": ["pii:read"]}

test_a_held_scope_permits if {
	authz.decision.allow with input as request(["pii:read"], customer)
}

test_a_missing_scope_is_named if {
	decision := authz.decision with input as request(["accounts:read"], customer)
	not decision.allow
	decision.reason == "Access denied: PII access requires pii:read scope."
	decision.scopes == ["pii:read"]
}

test_the_challenge_names_all_scopes_and_the_reason_the_missing_ones if {
	tool := object.union(customer, {"scopes": ["a", "b", "pii:read"]})
	decision := authz.decision with input as request(["b"], tool)
	decision.scopes == ["a", "b", "pii:read"]
	decision.reason == "Access denied: PII access requires a and pii:read scopes."
}

test_a_scope_is_held_whole_or_not_at_all if {
	every scopes in [[], ["pii"], ["pii:read2"], ["PII:READ"], ["*"], ["pii:*"]] {
		decision := authz.decision with input as request(scopes, customer)
		not decision.allow
	}
}

test_health_data_is_called_by_its_name if {
	tool := {"server": "clinic", "name": "getNote", "labels": ["phi"], "scopes": ["phi:read"]}
	decision := authz.decision with input as request([], tool)
	decision.reason == "Access denied: PHI access requires phi:read scope."
}

test_a_tool_without_label_is_called_by_its_own_name if {
	tool := {"server": "x", "name": "restart", "labels": [], "scopes": ["ops"]}
	decision := authz.decision with input as request([], tool)
	decision.reason == "Access denied: restart access requires ops scope."
}

test_listing_needs_only_a_token if {
	authz.decision.allow with input as {"method": "tools/list", "principal": {"scopes": []}, "tool": null}
}

test_an_unknown_method_is_denied if {
	decision := authz.decision with input as {"method": "x", "principal": {"scopes": []}, "tool": null}
	not decision.allow
}

test_a_call_without_a_tool_is_denied if {
	every tool in [null, {}, "x"] {
		decision := authz.decision with input as request(["pii:read"], tool)
		not decision.allow
	}
}

test_an_empty_input_is_denied if {
	decision := authz.decision with input as {}
	not decision.allow
}

test_restricted_data_needs_a_purpose if {
	tool := object.union(customer, {"labels": ["restricted"]})
	decision := authz.decision with input as request(["pii:read"], tool)
	decision.obligations.profiles == ["hipaa-safe-harbor"]
}

test_a_stated_purpose_lifts_the_obligation if {
	tool := object.union(customer, {"labels": ["restricted"]})
	principal := {"scopes": ["pii:read"], "claims": {}, "purposes": ["TREAT"]}
	decision := authz.decision with input as object.union(request([], tool), {"principal": principal})
	decision.obligations == {}
}
