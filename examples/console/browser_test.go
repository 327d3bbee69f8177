package main

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

// chromium is the browser of the tests; nil where there is none. It is one for all tests, and each
// has a tab of its own.
var (
	chromium     context.Context
	stopBrowser  = func() {}
	browserLimit = 2 * time.Minute // a busy machine may need it
)

func startBrowser() error {
	program := ""
	for _, name := range []string{"google-chrome", "chromium-browser", "chromium"} {
		if found, err := exec.LookPath(name); err == nil {
			program = found
		}
	}
	if program == "" {
		if os.Getenv("BELTIC_REQUIRE_CHROMIUM") != "" {
			return errors.New("BELTIC_REQUIRE_CHROMIUM is set, and there is no chromium")
		}
		return nil
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(program), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("disable-component-update", true), chromedp.Flag("hide-scrollbars", true),
	)
	allocator, stopAllocator := chromedp.NewExecAllocator(context.Background(), options...)
	first, stop := chromedp.NewContext(allocator)
	stopBrowser = func() { chromedp.Cancel(first); stop(); stopAllocator() }
	chromium = first
	return chromedp.Do(first) // without a limit in time: one that ends would end the browser
}

// screen is how the browser shows a page.
type screen struct {
	name   string
	width  int64
	scheme string
}

var screens = []screen{{"wide-light", 1280, "light"}, {"wide-dark", 1280, "dark"}, {"narrow-light", 390, "light"}, {"narrow-dark", 390, "dark"}}

// newTab opens a tab; without a browser it skips the test.
func newTab(t *testing.T, s screen) context.Context {
	t.Helper()
	if chromium == nil {
		t.Skip("there is no chromium: apt-get install chromium")
	}
	limited, stopTime := context.WithTimeout(chromium, browserLimit)
	t.Cleanup(stopTime)
	tab, stop := chromedp.NewContext(limited)
	t.Cleanup(stop)
	require.NoError(t, chromedp.Do(tab, chromedp.EmulateViewport(s.width, 900)))
	_, err := chromedp.Call(tab, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: s.scheme}},
	})
	require.NoError(t, err)
	return tab
}

// serveDesk serves a console on a port of loopback.
func serveDesk(t *testing.T, d *desk) (address string) {
	t.Helper()
	return serveHandler(t, d.handler())
}

// serveHandler serves with the limits of the console's own server.
func serveHandler(t *testing.T, handler http.Handler) (address string) {
	t.Helper()
	s := httptest.NewUnstartedServer(handler)
	s.Config.MaxHeaderBytes = newServer(handler).MaxHeaderBytes
	s.Start()
	t.Cleanup(s.Close)
	return s.URL
}
