// Package recording tests programs against traffic of their own: it records what the Beltic API
// responds, made unrecognizable, and replays it without a network.
//
// [Record] makes a [net/http.RoundTripper] that passes requests on and writes each response to a
// file, scrubbed by an allow-list before anything touches the disk. [Replay] makes one that
// responds from those files. Record once against staging, check the files in, and test against them
// from then on:
//
//	recorder, err := recording.Record("testdata/recording")
//	if err != nil {
//		return err
//	}
//	client, err := beltic.NewClientFromEnv(beltic.WithHTTPClient(&http.Client{Transport: recorder}))
//
// And in the tests:
//
//	replayer, err := recording.Replay(os.DirFS("testdata/recording"))
//	if err != nil {
//		return err
//	}
//	client, err := beltic.NewClient("sk_staging_any", beltic.WithHTTPClient(&http.Client{Transport: replayer}))
//
// Every resource of a [beltic.Client] is covered: lists, single records and writes. Of a write the
// response is stored, and never what was sent. The package beltictest has a fake server for tests
// that need no traffic of their own.
package recording
