// Command genfixtures writes the files of beltictest.Fixtures into ./fixtures. Run it by go
// generate ./beltictest.
//
// All of them are responses of the fake server: pages, single records and, because the API's are
// undocumented, errors of every form that it knows.
package main

import (
	"log"
	"os"
	"path/filepath"
)

const (
	directory = "fixtures"
	dirMode   = 0o755
	fileMode  = 0o644
)

func main() {
	if err := write(directory, fixtures()); err != nil {
		log.Fatal(err)
	}
}

// write makes the directory hold these files and no others.
func write(directory string, files map[string][]byte) error {
	for name, body := range files {
		path := filepath.Join(directory, name)
		if err := os.MkdirAll(filepath.Dir(path), dirMode); err != nil {
			return err
		}
		if err := os.WriteFile(path, body, fileMode); err != nil {
			return err
		}
	}
	return filepath.WalkDir(directory, func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		name, err := filepath.Rel(directory, path)
		if _, ok := files[filepath.ToSlash(name)]; !ok && err == nil {
			return os.Remove(path)
		}
		return err
	})
}
