package beltic_test

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/belticlabs/beltic-go"
)

// explain is code under test: what a service tells its users of an error.
func explain(err error) string {
	apiErr, isAPIError := errors.AsType[*beltic.APIError](err)
	switch {
	case errors.Is(err, beltic.ErrNotFound):
		return "there is no such session"
	case errors.Is(err, beltic.ErrRateLimited):
		return "try again in " + apiErr.RetryAfter.String()
	case isAPIError && len(apiErr.Errors) > 0:
		return "refused: " + apiErr.Errors[0].Code
	}
	return "try again later"
}

// A unit test of error handling needs no server: the errors are plain structs.
func ExampleAPIError_byHand() {
	for _, err := range []error{
		&beltic.APIError{StatusCode: http.StatusNotFound},
		&beltic.APIError{StatusCode: http.StatusTooManyRequests, RetryAfter: 30 * time.Second},
		&beltic.APIError{StatusCode: http.StatusUnprocessableEntity, Errors: []beltic.ErrorObject{{Code: "invalid_parameter"}}},
		fmt.Errorf("sync: %w", &beltic.TransportError{Kind: beltic.KindTimeout}),
	} {
		fmt.Println(explain(err))
	}
	// Output:
	// there is no such session
	// try again in 30s
	// refused: invalid_parameter
	// try again later
}
