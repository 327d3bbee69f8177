// Command plain lists sessions with nothing but the standard library: what the library's weight is
// compared with.
package main

import (
	"encoding/json"
	"fmt"
	"log"
	"net/http"
	"net/url"
	"os"
	"time"
)

type page struct {
	Data []struct {
		ID         string `json:"id"`
		Attributes struct {
			Status    string    `json:"status"`
			CreatedAt time.Time `json:"created_at"`
		} `json:"attributes"`
	} `json:"data"`
	Meta struct {
		Page struct {
			Cursors struct {
				End string `json:"end"`
			} `json:"cursors"`
			HasNextPage bool `json:"hasNextPage"`
		} `json:"page"`
	} `json:"meta"`
}

func main() {
	client := &http.Client{Timeout: 30 * time.Second}
	for cursor, more := "", true; more; {
		p, err := get(client, cursor)
		if err != nil {
			log.Fatal(err)
		}
		for _, session := range p.Data {
			fmt.Println(session.ID, session.Attributes.Status, session.Attributes.CreatedAt)
		}
		cursor, more = p.Meta.Page.Cursors.End, p.Meta.Page.HasNextPage
	}
}

func get(client *http.Client, cursor string) (*page, error) {
	query := url.Values{}
	if cursor != "" {
		query.Set("page[after]", cursor)
	}
	target := "https://api.beltic.com/v1/identity/sessions?" + query.Encode()
	req, err := http.NewRequest(http.MethodGet, target, nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("X-Api-Key", os.Getenv("BELTIC_API_KEY"))
	resp, err := client.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("status %s", resp.Status)
	}
	p := new(page)
	return p, json.NewDecoder(resp.Body).Decode(p)
}
