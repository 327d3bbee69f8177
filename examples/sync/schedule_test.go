package main

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/belticlabs/beltic-go"
	"github.com/belticlabs/beltic-go/beltictest"
)

// keep runs a schedule for some virtual time and returns what it printed and how often it read each
// list.
func (b *bench) keep(t *testing.T, s schedule, d time.Duration) (out string, lists map[beltic.SessionStatus]int, err error) {
	ctx, cancel := context.WithTimeout(t.Context(), d)
	defer cancel()
	var text bytes.Buffer
	err = s.keep(ctx, b.job, &text)
	lists = map[beltic.SessionStatus]int{}
	for _, r := range b.Requests() {
		if r.Page == 1 {
			lists[r.Options.(beltic.SessionListOptions).Status]++
		}
	}
	return text.String(), lists, err
}

func TestFrequentPassesAndAFullOneADay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newVirtual(t)
		out, lists, err := b.keep(t, schedule{every: 2 * time.Hour, open: true, fullEvery: 24 * time.Hour}, 71*time.Hour)
		require.NoError(t, err)
		assert.Equal(t, 3, lists[""])
		assert.InDelta(t, 3*12-3, lists[beltic.SessionStatusPending], 4)
		assert.Equal(t, 3, strings.Count(out, "full pass complete"))
		assert.NotContains(t, out, "interrupted")
	})
}

func TestWithoutOpenEveryPassIsFull(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newVirtual(t)
		_, lists, err := b.keep(t, schedule{every: time.Hour}, 12*time.Hour)
		require.NoError(t, err)
		assert.Len(t, lists, 1)
		assert.InDelta(t, 12, lists[""], 2)
	})
}

func TestAFailedPassIsGoneOnWith(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newVirtual(t)
		b.Inject(beltictest.OnPage(3), beltictest.HTML())
		out, _, err := b.keep(t, schedule{every: time.Minute, open: true, fullEvery: time.Hour}, 3*time.Minute)
		require.NoError(t, err)
		lines := strings.Split(out, "\n")
		assert.Contains(t, lines[0], "full pass failed, run again to go on")
		assert.Contains(t, lines[1], "full pass complete")
		assert.Contains(t, lines[1], "70 read, 70 new")
		assert.Contains(t, lines[2], "open pass complete")
	})
}

func TestAHopelessErrorEndsTheProgram(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newVirtual(t)
		b.Inject(beltictest.OnPage(3), beltictest.Status(401))
		_, _, err := b.keep(t, schedule{every: time.Minute}, time.Hour)
		require.ErrorIs(t, err, beltic.ErrUnauthorized)
	})
}

func TestThePauseVaries(t *testing.T) {
	seen := map[time.Duration]bool{}
	for range 100 {
		d := jitter(5 * time.Minute)
		assert.InDelta(t, 5*time.Minute, d, float64(30*time.Second))
		seen[d] = true
	}
	assert.Greater(t, len(seen), 90)
}
