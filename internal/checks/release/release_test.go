package release

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/mod/module"
	"golang.org/x/mod/zip"
)

// rehearsed is a version that is never tagged.
var rehearsed = module.Version{Path: "github.com/belticlabs/beltic-go", Version: "v0.999.0"}

func TestAReleaseCanBeGotBuiltAndRun(t *testing.T) {
	user := newUser(t)
	user.writes("main.go", "testdata/main.go.txt")
	user.runs("go", "mod", "init", "example.com/consumer")
	user.runs("go", "get", rehearsed.String())

	t.Log("the version in go.mod is the one in User-Agent")
	const released, copied = "300 sessions\nbeltic-go/0.999.0\n", "300 sessions\nbeltic-go/devel\n"
	require.Equal(t, released, user.runs("go", "run", "-mod=readonly", "."))
	require.Equal(t, released, user.runs("go", "run", "-mod=readonly", "-trimpath", "-buildvcs=false", "-ldflags=-s -w", "."))
	user.runs("go", "mod", "vendor")
	require.Equal(t, released, user.runs("go", "run", "-mod=vendor", "."))
	require.NoError(t, os.RemoveAll(filepath.Join(user.folder, "vendor")))

	t.Log("a copy that takes its place has none")
	root, err := filepath.Abs("../../..")
	require.NoError(t, err)
	user.runs("go", "work", "init", ".", root)
	user.environment = append(user.environment, "GOWORK="+filepath.Join(user.folder, "go.work"))
	require.Equal(t, copied, user.runs("go", "run", "."))
	user.environment = append(user.environment, "GOWORK=off")
	user.runs("go", "mod", "edit", "-replace", rehearsed.Path+"="+root)
	require.Equal(t, copied, user.runs("go", "run", "-mod=readonly", "."))

	t.Log("a version between two releases is one too")
	between := module.Version{Path: rehearsed.Path, Version: "v0.999.1-0.20251022221348-0123456789ab"}
	publish(t, user.proxy, between)
	user.runs("go", "mod", "edit", "-dropreplace", rehearsed.Path)
	user.runs("go", "get", between.String())
	require.Equal(t, "300 sessions\nbeltic-go/0.999.1-0.20251022221348-0123456789ab\n", user.runs("go", "run", "-mod=readonly", "."))
}

func TestTheREADMEsFirstProgramBuildsAgainstARelease(t *testing.T) {
	readme, err := os.ReadFile("../../../README.md")
	require.NoError(t, err)
	_, program, found := strings.Cut(string(readme), "```go\npackage main\n")
	require.True(t, found, "README.md shows no program")
	program, _, _ = strings.Cut(program, "```")

	user := newUser(t)
	require.NoError(t, os.WriteFile(filepath.Join(user.folder, "main.go"), []byte("package main\n"+program), 0o600))
	user.runs("go", "mod", "init", "example.com/consumer")
	user.runs("go", "get", rehearsed.String())
	user.runs("go", "vet", "-mod=readonly", ".")
}

// user is somebody with a folder, a module cache of their own and a proxy that has the release.
type user struct {
	t           *testing.T
	folder      string
	proxy       string // its folder
	environment []string
}

func newUser(t *testing.T) user {
	proxy, folder := t.TempDir(), t.TempDir()
	publish(t, proxy, rehearsed)
	u := user{t, folder, proxy, os.Environ()}
	// What this machine has downloaded already comes from its own module cache.
	proxies := "file://" + proxy + ",file://" + u.runs("go", "env", "GOMODCACHE") + "/cache/download," + u.runs("go", "env", "GOPROXY")
	u.environment = append(u.environment,
		"GOPROXY="+strings.ReplaceAll(proxies, "\n", ""),
		"GOMODCACHE="+t.TempDir(),
		"GONOSUMDB="+rehearsed.Path,
		"GOFLAGS=-modcacherw", // so that the folder can be removed
		"GOWORK=off",
	)
	return u
}

func (u user) writes(name, from string) {
	text, err := os.ReadFile(from)
	require.NoError(u.t, err)
	require.NoError(u.t, os.WriteFile(filepath.Join(u.folder, name), text, 0o600))
}

func (u user) runs(name string, args ...string) (stdout string) {
	command := exec.CommandContext(u.t.Context(), name, args...)
	command.Dir, command.Env = u.folder, u.environment
	var complaint strings.Builder
	command.Stderr = &complaint
	out, err := command.Output()
	require.NoError(u.t, err, "%s\n%s%s", command, out, complaint.String())
	return string(out)
}

// publish makes the files that a module proxy serves.
func publish(t *testing.T, proxy string, release module.Version) {
	folder := filepath.Join(proxy, release.Path, "@v")
	require.NoError(t, os.MkdirAll(folder, 0o700))
	goMod, err := os.ReadFile("../../../go.mod")
	require.NoError(t, err)
	version := filepath.Join(folder, release.Version)
	require.NoError(t, os.WriteFile(version+".mod", goMod, 0o600))
	require.NoError(t, os.WriteFile(version+".info", []byte(`{"Version":"`+release.Version+`"}`), 0o600))
	file, err := os.Create(version + ".zip")
	require.NoError(t, err)
	require.NoError(t, zip.CreateFromDir(file, release, "../../.."))
	require.NoError(t, file.Close())
}
