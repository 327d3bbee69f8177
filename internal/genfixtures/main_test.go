package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const fresh = "run: go generate ./beltictest"

func TestFixturesAreFresh(t *testing.T) {
	files := read(t, "../../beltictest/fixtures")
	for name, body := range fixtures() {
		assert.Equal(t, string(body), files[name], "%s is stale; %s", name, fresh)
		delete(files, name)
	}
	for name := range files {
		assert.Fail(t, name+" is not made by the generator", fresh)
	}
}

func TestWriteLeavesNothingElse(t *testing.T) {
	directory := t.TempDir()
	require.NoError(t, write(directory, map[string][]byte{"a/old.json": []byte("1"), "b/kept.json": []byte("2")}))
	want := map[string][]byte{"b/kept.json": []byte("3"), "c/new.json": []byte("4")}
	require.NoError(t, write(directory, want))
	assert.Equal(t, map[string]string{"b/kept.json": "3", "c/new.json": "4"}, read(t, directory))
}

// read is every file below a directory, by its name there.
func read(t *testing.T, directory string) map[string]string {
	t.Helper()
	files := map[string]string{}
	require.NoError(t, filepath.WalkDir(directory, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		name, err := filepath.Rel(directory, path)
		require.NoError(t, err)
		body, err := os.ReadFile(path)
		files[filepath.ToSlash(name)] = string(body)
		return err
	}))
	return files
}
