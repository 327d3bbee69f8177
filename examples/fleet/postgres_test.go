package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
)

// postgresServer is one of the tests' own, on a socket in a folder of its own.
type postgresServer struct {
	folder    string
	process   *exec.Cmd
	databases atomic.Int64
}

// server is started by TestMain; nil where there is no PostgreSQL.
var server *postgresServer

// newDatabase makes an empty database and returns its connection string. Without PostgreSQL it
// skips the test, unless BELTIC_REQUIRE_POSTGRES is set.
func newDatabase(t *testing.T) (dsn string) {
	t.Helper()
	if server == nil {
		t.Skip("there is no PostgreSQL below /usr/lib/postgresql: apt-get install postgresql")
	}
	admin, err := pgx.Connect(t.Context(), server.dsn("postgres"))
	require.NoError(t, err)
	defer admin.Close(t.Context())
	name := fmt.Sprintf("fleet_%d", server.databases.Add(1))
	_, err = admin.Exec(t.Context(), "CREATE DATABASE "+name)
	require.NoError(t, err)
	return server.dsn(name)
}

func (p *postgresServer) dsn(database string) string {
	return fmt.Sprintf("host=%s user=fleet dbname=%s sslmode=disable", p.folder, database)
}

// startPostgres starts Debian's PostgreSQL, or whichever is in the same place; nil where there is
// none. Tests do not need what it writes to survive a power cut.
func startPostgres(settings ...string) (p *postgresServer, err error) {
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/postgres")
	if err != nil || len(found) == 0 {
		if err == nil && os.Getenv("BELTIC_REQUIRE_POSTGRES") != "" {
			err = fmt.Errorf("BELTIC_REQUIRE_POSTGRES is set, and there is no PostgreSQL below /usr/lib/postgresql")
		}
		return nil, err
	}
	slices.Sort(found)
	programs := filepath.Dir(found[len(found)-1])
	folder, err := os.MkdirTemp("/tmp", "fleet-pg-") // short: the path of a socket is limited
	if err != nil {
		return nil, err
	}
	p = &postgresServer{folder: folder}
	as, err := owner(folder)
	if err != nil {
		return nil, err
	}
	data := filepath.Join(folder, "data")
	initdb := exec.Command(filepath.Join(programs, "initdb"), "-D", data, "-U", "fleet", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync")
	initdb.Dir, initdb.SysProcAttr = folder, as
	if out, err := initdb.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("initdb: %w: %s", err, out)
	}
	args := []string{"-D", data, "-c", "listen_addresses=", "-c", "unix_socket_directories=" + folder}
	for _, setting := range settings {
		args = append(args, "-c", setting)
	}
	p.process = exec.Command(filepath.Join(programs, "postgres"), args...)
	p.process.Dir, p.process.SysProcAttr = folder, as
	log, err := p.process.StderrPipe()
	if err != nil {
		return nil, err
	}
	if err := p.process.Start(); err != nil {
		return nil, err
	}
	return p, awaitReady(log)
}

// owner is who runs the server: PostgreSQL refuses to be root.
func owner(folder string) (*syscall.SysProcAttr, error) {
	if os.Getuid() != 0 {
		return nil, nil
	}
	account, err := user.Lookup("postgres")
	if err != nil {
		return nil, err
	}
	uid, _ := strconv.Atoi(account.Uid)
	gid, _ := strconv.Atoi(account.Gid)
	credential := &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	return &syscall.SysProcAttr{Credential: credential}, os.Chown(folder, uid, gid)
}

// awaitReady reads the server's log until it takes connections, and the rest on a goroutine, so
// that the server is never kept waiting.
func awaitReady(log io.Reader) error {
	var text strings.Builder
	lines := bufio.NewScanner(log)
	for lines.Scan() {
		fmt.Fprintln(&text, lines.Text())
		if strings.Contains(lines.Text(), "ready to accept connections") {
			go io.Copy(io.Discard, log)
			return nil
		}
	}
	return fmt.Errorf("PostgreSQL did not start: %s", text.String())
}

func (p *postgresServer) stop() {
	if p == nil {
		return
	}
	p.process.Process.Signal(syscall.SIGINT) // ends without waiting for connections
	p.process.Wait()
	os.RemoveAll(p.folder)
}
