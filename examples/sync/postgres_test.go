package main

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// postgres is a server of the tests' own, on a socket in a folder of its own.
type postgres struct {
	folder    string
	process   *exec.Cmd
	databases atomic.Int64
}

// server is started by TestMain; nil where there is no PostgreSQL.
var server *postgres

// newDatabase makes an empty database and returns its connection string. Without PostgreSQL it
// skips the test, unless BELTIC_REQUIRE_POSTGRES is set.
func newDatabase(t *testing.T) (dsn string) {
	t.Helper()
	if server == nil {
		t.Skip("there is no PostgreSQL below /usr/lib/postgresql: apt-get install postgresql")
	}
	admin, err := sql.Open("pgx", server.dsn("postgres"))
	require.NoError(t, err)
	defer admin.Close()
	name := fmt.Sprintf("sync_%d", server.databases.Add(1))
	_, err = admin.ExecContext(t.Context(), "CREATE DATABASE "+name)
	require.NoError(t, err)
	return server.dsn(name)
}

func (p *postgres) dsn(database string) string {
	return fmt.Sprintf("host=%s user=sync dbname=%s sslmode=disable", p.folder, database)
}

// startPostgres starts Debian's PostgreSQL, or whichever is in the same place; nil where there is
// none. Tests do not need what it writes to survive a power cut.
func startPostgres(settings ...string) (p *postgres, err error) {
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/postgres")
	if err != nil || len(found) == 0 {
		if err == nil && os.Getenv("BELTIC_REQUIRE_POSTGRES") != "" {
			err = fmt.Errorf("BELTIC_REQUIRE_POSTGRES is set, and there is no PostgreSQL below /usr/lib/postgresql")
		}
		return nil, err
	}
	slices.Sort(found)
	programs := filepath.Dir(found[len(found)-1])
	folder, err := os.MkdirTemp("/tmp", "sync-pg-") // short: the path of a socket is limited
	if err != nil {
		return nil, err
	}
	p = &postgres{folder: folder}
	as, err := owner(folder)
	if err != nil {
		return nil, err
	}
	data := filepath.Join(folder, "data")
	initdb := exec.Command(filepath.Join(programs, "initdb"), "-D", data, "-U", "sync", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync")
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
	if p.process.Stderr, err = os.Create(filepath.Join(folder, "log")); err != nil {
		return nil, err
	}
	if err := p.process.Start(); err != nil {
		return nil, err
	}
	return p, p.wait()
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

func (p *postgres) wait() error {
	db, err := sql.Open("pgx", p.dsn("postgres"))
	if err != nil {
		return err
	}
	defer db.Close()
	for range 300 {
		if err = db.PingContext(context.Background()); err == nil {
			return nil
		}
		time.Sleep(100 * time.Millisecond)
	}
	return err
}

func (p *postgres) stop() {
	if p == nil {
		return
	}
	p.process.Process.Signal(syscall.SIGINT) // ends without waiting for connections
	p.process.Wait()
	os.RemoveAll(p.folder)
}
