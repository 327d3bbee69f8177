package beltic_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/belticlabs/beltic-go"
)

// turns hands out a fixed number of turns; a limit of many machines would ask a database.
type turns struct{ left int }

func (t *turns) Wait(context.Context) error {
	if t.left == 0 {
		return errNoTurn
	}
	t.left--
	return nil
}

var errNoTurn = errors.New("no turn is left for today")

// One limiter holds all clients to a limit that they share. A *rate.Limiter of golang.org/x/time fits.
func ExampleWithLimiter() {
	server := newServer()
	defer server.Close()

	shared := &turns{left: 1}
	sync := server.Client(beltic.WithLimiter(shared))
	decide := server.Client(beltic.WithLimiter(shared))

	for _, client := range []*beltic.Client{sync, decide} {
		page, err := client.Sessions.List(context.Background(), nil)
		if errors.Is(err, errNoTurn) {
			fmt.Println("later:", errNoTurn)
		} else if err == nil {
			fmt.Println(len(page.Data), "sessions")
		}
	}
	// Output:
	// 15 sessions
	// later: no turn is left for today
}
