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
	code := 1
	if err == nil {
		code = m.Run()
	} else {
		fmt.Fprintln(os.Stderr, err)
	}
	stopBrowser()
	server.stop()
	os.RemoveAll(syncFolder)
	if err := goleak.Find(); err != nil && code == 0 {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}
