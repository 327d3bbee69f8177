module github.com/belticlabs/beltic-go/internal/bench

go 1.26.0

replace github.com/belticlabs/beltic-go => ../..

require (
	github.com/belticlabs/beltic-go v0.0.0-00010101000000-000000000000
	github.com/go-json-experiment/json v1.27.2
	github.com/hashicorp/jsonapi v1.5.0
	github.com/oapi-codegen/runtime v1.9.0
	github.com/openai/openai-go/v3 v3.98.0
	github.com/stripe/stripe-go/v86 v86.1.1
)

require (
	github.com/apapsch/go-jsonmerge/v2 v2.0.0 // indirect
	github.com/coder/websocket v1.8.15 // indirect
	github.com/google/go-querystring v1.2.0 // indirect
	github.com/google/uuid v1.6.0 // indirect
	github.com/tidwall/gjson v1.20.0 // indirect
	github.com/tidwall/match v1.1.1 // indirect
	github.com/tidwall/pretty v1.2.1 // indirect
	github.com/tidwall/sjson v1.2.5 // indirect
)
