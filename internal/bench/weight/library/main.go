// Command library lists sessions with the library: what it weighs in a program.
package main

import (
	"context"
	"fmt"
	"log"

	"github.com/belticlabs/beltic-go"
)

func main() {
	client, err := beltic.NewClientFromEnv()
	if err != nil {
		log.Fatal(err)
	}
	for session, err := range client.Sessions.All(context.Background(), nil) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(session.ID, session.Status, session.CreatedAt)
	}
}
