package beltic_test

import (
	"context"
	"fmt"

	"github.com/belticlabs/beltic-go"
)

// Get returns the session alone; its response tells the rest, also if the call fails.
func ExampleCaptureResponse() {
	server := newServer()
	defer server.Close()

	var response beltic.Response
	ctx := beltic.CaptureResponse(context.Background(), &response)
	_, err := server.Client().Sessions.Get(ctx, "no-such-session")
	fmt.Println(err != nil, response.StatusCode, response.RequestID, response.Attempts)
	// Output: true 404 req_000001 1
}
