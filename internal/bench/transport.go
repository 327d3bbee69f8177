package main

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
)

const baseURL = "https://api.beltic.com/v1"

// memory is an HTTP transport without a network: it answers with the body that was set last.
type memory struct{ body []byte }

func (m *memory) RoundTrip(req *http.Request) (*http.Response, error) {
	return answer(req, m.body), nil
}

func answer(req *http.Request, body []byte) *http.Response {
	return &http.Response{
		Status:        "200 OK",
		StatusCode:    http.StatusOK,
		Proto:         "HTTP/1.1",
		ProtoMajor:    1,
		ProtoMinor:    1,
		Header:        http.Header{"Content-Type": {"application/json"}},
		Body:          io.NopCloser(bytes.NewReader(body)),
		ContentLength: int64(len(body)),
		Request:       req,
	}
}

// get asks for a page of sessions as one does by hand.
func get(client *http.Client, base, query string) (*http.Response, error) {
	req, err := http.NewRequest(http.MethodGet, base+"/identity/sessions?"+query, nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("X-Api-Key", testKey)
	resp, err := client.Do(req)
	if err == nil && resp.StatusCode != http.StatusOK {
		resp.Body.Close()
		err = fmt.Errorf("status %s", resp.Status)
	}
	return resp, err
}

// read gets the bytes of a page.
func read(client *http.Client, base, query string) ([]byte, error) {
	resp, err := get(client, base, query)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	return io.ReadAll(resp.Body)
}
