package main

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestOnlyTheNamesOfThisMachineAreAnswered(t *testing.T) {
	d := newDesk(t, 3)
	for host, status := range map[string]int{
		"127.0.0.1:8080": 200, "localhost:8080": 200, "localhost": 200, "[::1]:8080": 200, "[::1]": 200, "127.0.0.1": 200, "127.1.2.3:80": 200,
		"example.com": 421, "example.com:8080": 421, "127.0.0.1.example.com:8080": 421, "localhost.example.com": 421, "10.0.0.1:8080": 421, "0.0.0.0:8080": 421, "": 421,
		"[::]:8080": 421, "LOCALHOST:8080": 200, "localhost.:8080": 200, "Localhost.": 200, "localhost..": 421, ".": 421,
	} {
		for _, path := range []string{"/", "/console.css", "/charts/weekly.svg"} {
			r := httptest.NewRequest(http.MethodGet, "http://127.0.0.1"+path, nil)
			r.Host = host
			answer := d.ask(t, r)
			assert.Equal(t, status, answer.Code, "%q %s", host, path)
		}
	}
}

func TestAnAddressThatCannotBeReadIsRefused(t *testing.T) {
	d := newDesk(t, 3)
	for _, path := range []string{"/", "/session", "/charts", "/charts/weekly.svg", "/audit"} {
		for _, query := range []string{"account=%27;DROP", "id=a;b", "weeks=4&x=%zz"} {
			answer := d.get(t, path+"?"+query)
			assert.Equal(t, http.StatusBadRequest, answer.Code, "%s?%s", path, query)
			assert.Contains(t, answer.Body.String(), "The address cannot be read")
		}
	}
}

func TestEveryAnswerIsGuarded(t *testing.T) {
	d := newDesk(t, 3)
	for _, address := range []string{"/", "/session?id=" + d.inOrder(t, "")[0], "/charts", "/audit", "/console.css", "/icon.svg", "/nowhere", "/?after=x", "/?from=x", "/session"} {
		header := d.get(t, address).Header()
		assert.Equal(t, policy, header.Get("Content-Security-Policy"), address)
		assert.Equal(t, "nosniff", header.Get("X-Content-Type-Options"), address)
		assert.Equal(t, "same-origin", header.Get("Referrer-Policy"), address)
		assert.Equal(t, "same-origin", header.Get("Cross-Origin-Resource-Policy"), address)
		assert.Empty(t, header.Get("Set-Cookie"), address)
		if !strings.HasSuffix(address, ".css") && !strings.HasSuffix(address, ".svg") {
			assert.Equal(t, "no-store", header.Get("Cache-Control"), address)
		}
	}
	picture := d.get(t, "/charts/weekly.svg").Header()
	assert.Equal(t, "image/svg+xml", picture.Get("Content-Type"))
	assert.Equal(t, "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; sandbox", picture.Get("Content-Security-Policy"))
}

func TestPagesNeedNothingFromElsewhere(t *testing.T) {
	d := newDesk(t, 30)
	for _, address := range []string{"/", "/session?id=" + d.inOrder(t, "")[0], "/charts", "/audit", "/nowhere"} {
		page := d.get(t, address).Body.String()
		for _, forbidden := range []string{"<script", " style=", "javascript:", "http://", "https://", "//", " onclick"} {
			assert.NotContains(t, page, forbidden, address)
		}
	}
}

func TestOtherMethodsAreRefused(t *testing.T) {
	d := newDesk(t, 3)
	for _, method := range []string{http.MethodPut, http.MethodDelete, http.MethodPatch} {
		r := httptest.NewRequest(method, "http://127.0.0.1:8080/session", nil)
		assert.Contains(t, []int{http.StatusMethodNotAllowed, http.StatusNotFound}, d.ask(t, r).Code)
	}
	r := httptest.NewRequest(http.MethodPost, "http://127.0.0.1:8080/audit", nil)
	assert.Equal(t, http.StatusNotFound, d.ask(t, r).Code)
	r = httptest.NewRequest(http.MethodHead, "http://127.0.0.1:8080/", nil)
	assert.Equal(t, http.StatusOK, d.ask(t, r).Code)
}
