// Api guards the public names. It writes them to testdata/api.txt, one a line, so that every change
// of them stands in the diff of a commit. A change that breaks programs is refused, unless
// CHANGELOG.md says under "Action required" what its users have to do.
//
// What breaks is found by apidiff against the last tag. Before the first tag it is every line that
// would go from the listing.
//
//	go generate ./...    # in the root of the repository
package main

import (
	"archive/tar"
	"bytes"
	"errors"
	"fmt"
	"go/types"
	"io"
	"io/fs"
	"log"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/exp/apidiff"
	"golang.org/x/tools/go/packages"
)

func main() {
	log.SetFlags(0)
	if err := guard("../..", os.Stdout); err != nil {
		log.Fatal(err)
	}
}

// guard brings the listing of the repository up to date, and tells of what is new in it.
func guard(root string, out io.Writer) error {
	now, err := load(root)
	if err != nil {
		return err
	}
	file := filepath.Join(root, "testdata", "api.txt")
	old, err := os.ReadFile(file)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	before, after := strings.Split(strings.TrimSpace(string(old)), "\n"), listing(now)
	tag := lastTag(root)
	broken := missing(before, after)
	if tag != "" {
		if broken, err = brokenSince(root, tag, now); err != nil {
			return err
		}
	}
	if len(broken) > 0 && len(old) > 0 {
		changelog, err := os.ReadFile(filepath.Join(root, "CHANGELOG.md"))
		if err != nil {
			return err
		}
		since := tag
		if since == "" {
			since = "testdata/api.txt"
		}
		told := fmt.Sprintf("since %s this breaks programs:\n\t%s", since, strings.Join(broken, "\n\t"))
		if !asksForAction(string(changelog), tag) {
			return fmt.Errorf(`%s
Keep what was there. If it must go, say in CHANGELOG.md what users have to do, in Unreleased below
"### Action required", with the code before and after: then go generate ./... takes it`, told)
		}
		fmt.Fprintln(out, told)
	}
	for _, line := range missing(after, before) {
		fmt.Fprintln(out, "new:", line)
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	return os.WriteFile(file, []byte(strings.Join(after, "\n")+"\n"), 0o644)
}

// missing are the lines of a that b does not have. A method of a value is one of its pointer too.
func missing(a, b []string) []string {
	return slices.DeleteFunc(slices.Clone(a), func(line string) bool {
		return line == "" || slices.Contains(b, line) || slices.Contains(b, strings.Replace(line, "method (*", "method (", 1))
	})
}

// asksForAction reports whether the changelog tells of a break in what is newer than the tag.
func asksForAction(changelog, tag string) bool {
	if tag != "" {
		changelog, _, _ = strings.Cut(changelog, "\n## "+strings.TrimPrefix(tag, "v"))
		changelog, _, _ = strings.Cut(changelog, "\n## ["+strings.TrimPrefix(tag, "v"))
	}
	_, section, _ := strings.Cut(changelog, "\n### Action required\n")
	section, _, _ = strings.Cut(section, "\n#")
	return strings.TrimSpace(section) != ""
}

// lastTag is the last release in the history of the tree, or "" if there is none.
func lastTag(root string) string {
	tag, _ := exec.Command("git", "-C", root, "describe", "--tags", "--abbrev=0", "--match", "v[0-9]*").Output()
	return strings.TrimSpace(string(tag))
}

// brokenSince are the changes since the tag that break programs.
func brokenSince(root, tag string, now map[string]*types.Package) ([]string, error) {
	dir, err := os.MkdirTemp("", "api")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	archive := exec.Command("git", "-C", root, "archive", tag)
	archive.Stderr = os.Stderr
	text, err := archive.Output()
	if err != nil {
		return nil, fmt.Errorf("git archive %s: %w", tag, err)
	}
	if err := unpack(text, dir); err != nil {
		return nil, err
	}
	then, err := load(dir)
	if err != nil {
		return nil, err
	}
	var broken []string
	for _, path := range slices.Sorted(maps.Keys(then)) {
		if now[path] == nil {
			broken = append(broken, "package "+path+": removed")
			continue
		}
		for _, change := range apidiff.Changes(then[path], now[path]).Changes {
			if !change.Compatible {
				broken = append(broken, now[path].Name()+": "+change.Message)
			}
		}
	}
	return broken, nil
}

// unpack writes the files of an archive of git's into a folder.
func unpack(archive []byte, dir string) error {
	folder, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer folder.Close()
	for r := tar.NewReader(bytes.NewReader(archive)); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if h.Typeflag != tar.TypeReg {
			continue
		}
		text, err := io.ReadAll(r)
		if err != nil {
			return err
		}
		if err := folder.MkdirAll(filepath.Dir(h.Name), 0o755); err != nil {
			return err
		}
		if err := folder.WriteFile(h.Name, text, 0o644); err != nil {
			return err
		}
	}
}

// load type-checks the packages of a module that others can import, by path.
func load(root string) (map[string]*types.Package, error) {
	const mode = packages.NeedName | packages.NeedTypes | packages.NeedImports | packages.NeedDeps | packages.NeedSyntax | packages.NeedTypesInfo
	all, err := packages.Load(&packages.Config{Dir: root, Mode: mode}, "./...")
	if err != nil {
		return nil, err
	}
	public := map[string]*types.Package{}
	for _, p := range all {
		if p.Name == "main" || slices.Contains(strings.Split(p.PkgPath, "/"), "internal") {
			continue
		}
		for _, err := range p.Errors {
			return nil, err
		}
		public[p.PkgPath] = p.Types
	}
	return public, nil
}
