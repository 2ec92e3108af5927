# METADATA
# title: Who may call which tool
# description: >-
#   The decision of the gate for one request. A request about a tool, prompt or resource
#   needs every scope that its rules name; any other needs only a valid token. What a
#   server's rules do not serve never comes here.
package portcullis.authz

# METADATA
# title: The answer
# description: One object. Anything else, undefined included, is a denial.
# entrypoint: true
default decision := {"allow": false, "reason": "Access denied.", "scopes": []}

decision := {"allow": true, "reason": "no data is asked for"} if {
	input.method in methods_without_tool
	input.tool == null
}

decision := {"allow": true, "reason": "all scopes are held", "obligations": obligations} if {
	calls_a_tool
	count(missing) == 0
}

decision := {"allow": false, "reason": reason, "scopes": input.tool.scopes} if {
	calls_a_tool
	count(missing) > 0
}

# METADATA
# title: Requests that ask for no one's data
methods_without_tool := {
	"http/delete",
	"http/get",
	"http/sse",
	"initialize",
	"logging/setLevel",
	"notifications/cancelled",
	"notifications/initialized",
	"notifications/progress",
	"notifications/roots/list_changed",
	"ping",
	"prompts/list",
	"resources/list",
	"resources/templates/list",
	"response",
	"server/discover",
	"skills/get",
	"skills/list",
	"subscriptions/listen",
	"tasks/list",
	"tools/list",
}

methods_with_tool := {
	"completion/complete",
	"prompts/get",
	"resources/directory/read",
	"resources/read",
	"resources/subscribe",
	"resources/unsubscribe",
	"tasks/cancel",
	"tasks/get",
	"tasks/result",
	"tasks/update",
	"tools/call",
}

calls_a_tool if {
	input.method in methods_with_tool
	is_object(input.tool)
	is_array(input.tool.scopes)
	is_array(input.principal.scopes)
}

# METADATA
# title: Scopes that the tool asks for and the caller lacks
missing := {scope | some scope in input.tool.scopes; not scope in input.principal.scopes}

# METADATA
# title: Obligations
# description: >-
#   A caller without a stated purpose of use sees data labelled restricted through the
#   strictest profile only.
default obligations := {}

obligations := {"profiles": ["hipaa-safe-harbor"]} if {
	"restricted" in input.tool.labels
	not input.principal.purposes[0]
}

reason := sprintf("Access denied: %s access requires %s %s.", [subject, names, noun])

names := concat(" and ", sort(missing))

default noun := "scopes"

noun := "scope" if count(missing) == 1

# METADATA
# title: What the plain denial calls the data
subject := "PII" if {
	"pii" in input.tool.labels
} else := "PHI" if {
	"phi" in input.tool.labels
} else := input.tool.name
