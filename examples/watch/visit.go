package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/belticlabs/beltic-go"
)

// visit is one pass over the API.
type visit struct {
	*watcher
	seen map[string]bool // sessions with the status of their list, by id
}

// list sees each session of a status.
func (v *visit) list(ctx context.Context, status beltic.SessionStatus) error {
	isBacklog := !v.backlog && !v.ledger.hasBegun(status)
	opts := &beltic.SessionListOptions{Page: beltic.PageOptions{Size: v.pageSize}, Status: status}
	for session, err := range v.client.Sessions.All(ctx, opts) {
		session, err = v.read(session, err)
		if err != nil {
			return err
		}
		if session == nil || session.Status != status {
			continue // it changed a moment ago: another list has it, or checkMissing asks for it
		}
		v.seen[session.ID] = true
		v.see(session, isBacklog)
	}
	return nil
}

// read takes what the client got: a session, or what can be read of one that cannot be decoded,
// because only its id, status and times matter here. It is nil where even these cannot be read.
func (v *visit) read(session *beltic.Session, err error) (*beltic.Session, error) {
	if item, ok := errors.AsType[*beltic.ItemError](err); ok {
		v.logger.Warn("a session can at best be read in part", "error", item)
		session = &beltic.Session{}
		if _, broken := item.Salvage(session); broken != nil {
			v.metrics.skipped.Inc()
			return nil, nil
		}
	} else if err != nil {
		return nil, err
	}
	if !session.Status.Known() {
		v.alarm(session)
	}
	if session.ID == "" || session.Status == "" {
		v.metrics.skipped.Inc()
		return nil, nil
	}
	return session, nil
}

// see tells of a session that has a watched status, if the team does not know.
func (v *visit) see(session *beltic.Session, isBacklog bool) {
	if v.ledger.see(session, isBacklog) {
		v.metrics.events.WithLabelValues(gotStatus).Inc()
	}
}

// alarm tells of a status that the library does not know, each once.
func (v *visit) alarm(session *beltic.Session) {
	if v.ledger.alarm(session.Status, session.ID) {
		v.metrics.events.WithLabelValues(unknownStatus).Inc()
	}
}

// checkMissing asks for each session that the team was told of and that its list no longer has. It
// may have left the status, or have moved within the list while that was read. To take the one for
// the other would tell of it twice, so it is forgotten only where the API says that it left.
func (v *visit) checkMissing(ctx context.Context, complete []beltic.SessionStatus) error {
	for _, id := range slices.Sorted(maps.Keys(v.ledger.Told)) {
		if v.seen[id] || !slices.Contains(complete, v.ledger.Told[id].Status) {
			continue
		}
		if err := v.check(ctx, id); err != nil {
			return fmt.Errorf("session %s: %w", id, err)
		}
	}
	return nil
}

// check sees how a session stands now. One that cannot be read is kept until it can.
func (v *visit) check(ctx context.Context, id string) error {
	session, err := v.read(v.client.Sessions.Get(ctx, id))
	switch {
	case errors.Is(err, beltic.ErrNotFound), errors.Is(err, beltic.ErrGone):
		delete(v.ledger.Told, id)
	case err != nil:
		return err
	case session == nil:
	case slices.Contains(v.statuses, session.Status):
		v.see(session, false)
	default:
		delete(v.ledger.Told, id) // so that it is told again if it comes back
	}
	return nil
}
