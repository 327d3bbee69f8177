package main

import (
	"context"
	"fmt"
	"net/http"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"
	"github.com/openai/openai-go/v3/packages/pagination"
)

// newOpenAI lists batches: flat members, nested ones and a list, as in a session.
func newOpenAI() *contender {
	transport := new(memory)
	client := openai.NewClient(
		option.WithAPIKey("sk-0000-example"),
		option.WithHTTPClient(&http.Client{Transport: transport}),
		option.WithMaxRetries(0),
	)
	return &contender{
		name:    "openai-go, Batches.List (batches)",
		slow:    true,
		atLeast: 10,
		foreign: batchPage,
		decode: func(body []byte) (any, error) {
			transport.body = body
			return client.Batches.List(context.Background(), openai.BatchListParams{})
		},
		facts: func(decoded any) (lines []string) {
			for _, b := range decoded.(*pagination.CursorPage[openai.Batch]).Data {
				lines = append(lines, batchFacts(b.ID, b.CreatedAt, b.Errors.Data[0].Message,
					b.RequestCounts.Total, b.Metadata["owner"]))
			}
			return lines
		},
	}
}

func batchFacts(id string, created int64, message string, total int64, owner string) string {
	return fmt.Sprint(id, "|", created, "|", message, "|", total, "|", owner)
}

// batchPage is a page of batches, each with as many errors as make it as long as a session.
func batchPage(like *page, seed uint64) *page {
	s := newScribe(seed)
	p := &page{records: like.records}
	var list []any
	for range like.records {
		batch := s.batch()
		var errs []any
		for len(errs) == 0 || len(encode(batch)) < len(like.body)/like.records {
			errs = append(errs, s.batchError())
			batch["errors"] = object{"object": "list", "data": errs}
		}
		list = append(list, batch)
		p.facts = append(p.facts, batchFacts(batch["id"].(string), int64(batch["created_at"].(int)),
			errs[0].(object)["message"].(string),
			int64(batch["request_counts"].(object)["total"].(int)),
			batch["metadata"].(object)["owner"].(string)))
	}
	p.body = encode(object{"object": "list", "has_more": true, "data": list})
	return p
}

func (s *scribe) batchError() object {
	return object{
		"code": "invalid_request", "line": s.rng.IntN(10_000), "param": "body.messages",
		"message": "A made-up problem at " + s.oneOf(s.places),
	}
}

func (s *scribe) batch() object {
	stamp := func() int { return 1_700_000_000 + s.rng.IntN(10_000_000) }
	return object{
		"id": "batch_" + s.id(), "object": "batch", "endpoint": "/v1/responses",
		"model": "gpt-example", "input_file_id": "file-" + s.id(), "completion_window": "24h",
		"status": "completed", "output_file_id": "file-" + s.id(),
		"error_file_id": "file-" + s.id(),
		"created_at":    stamp(), "in_progress_at": stamp(), "expires_at": stamp(),
		"finalizing_at": stamp(), "completed_at": stamp(), "failed_at": stamp(),
		"expired_at": stamp(), "cancelling_at": stamp(), "cancelled_at": stamp(),
		"request_counts": object{
			"total": s.rng.IntN(10_000), "completed": s.rng.IntN(10_000), "failed": s.rng.IntN(100),
		},
		"usage": object{
			"input_tokens": s.rng.IntN(10_000), "output_tokens": s.rng.IntN(10_000),
			"input_tokens_details":  object{"cached_tokens": s.rng.IntN(1000)},
			"output_tokens_details": object{"reasoning_tokens": s.rng.IntN(1000)},
			"total_tokens":          s.rng.IntN(20_000),
		},
		"metadata": object{"owner": s.oneOf(s.first), "place": s.oneOf(s.places)},
	}
}
