package main

import (
	"flag"
	"fmt"
	"os"
	"testing"

	"go.uber.org/goleak"
)

var screenshots = flag.String("screenshots", "", "write screenshots of the pages into this `folder`")

func TestMain(m *testing.M) {
	flag.Parse()
	var err error
	if server, err = startPostgres(); err == nil {
		err = startBrowser()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	stopBrowser()
	server.stop()
	os.RemoveAll(syncFolder)
	if err := goleak.Find(); err != nil && code == 0 {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}
