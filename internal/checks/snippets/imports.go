package snippets

// What a snippet may use beside the standard library.
import (
	_ "github.com/jarcoal/httpmock"
	_ "go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"

	_ "github.com/belticlabs/beltic-go"
	_ "github.com/belticlabs/beltic-go/beltictest"
	_ "github.com/belticlabs/beltic-go/beltictest/recording"
)
