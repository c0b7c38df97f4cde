/* What pmill_encoder is, and pieces of text between added tokens → ids with their places. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_ENCODE_ENCODER_H
#define PMILL_ENCODE_ENCODER_H

#include "base/progress.h"
#include "encode/encode_plan.h"
#include "encode/id_sink.h"

enum { PMILL_ENCODE_PRETOKENS = 256 }; /* ends that are asked for at once */

/* An unfinished document that comes in pieces (encode_stream.c). All zero: none has begun. */
struct pmill_stream {
	struct pmill_buffer text;     /* what isn't settled */
	struct pmill_span_list spans; /* its policies, to which it has references */
	pmill_policy *first, *last;   /* of the first and the last piece, references; NULL: none yet */
	uint64_t bytes, characters, id_count; /* settled */
	bool follows_word;                    /* what is settled ends in a character of a word */
	size_t next_try;                      /* the length of `text` at which more may be settled */
};

/* One per thread. Set `plan`; all else zero is ready. */
struct pmill_encoder {
	struct pmill_encode_plan *plan; /* a reference */
	struct pmill_pretoken_cursor cursor;
	struct pmill_pretoken_state pretokens;
	struct pmill_added_walk added, normalized;
	struct pmill_cut_cursor cut;
	struct pmill_buffer normal;  /* the normalised text between two tokens of `added` */
	struct pmill_source_map map; /* from it to that text */
	size_t ends[PMILL_ENCODE_PRETOKENS];
	/* Ids that the sink hasn't got yet, and their places if it wants them. */
	struct pmill_id_buffer ids;
	uint64_t *places;
	size_t place_capacity;
	struct pmill_id_sink sink;
	bool wants_places;
	/* The text that is being encoded, and its policies. */
	const uint8_t *text;
	uint64_t text_begin; /* in the document */
	struct pmill_span_list *spans;
	bool recognises; /* some token, by one of its policies */
	/* What is cut now: a piece of `text`, or of what a part of it is normalised to. */
	size_t part_begin;                       /* of that part in `text` */
	const struct pmill_source_map *part_map; /* NULL: it isn't normalised, or nobody asks */
	size_t near, piece_begin;                /* of the piece in the part */
	/* Of a whole document. */
	struct pmill_span_list own_spans;
	struct pmill_buffer joined; /* spans that are not one text already */
	/* Of calls that take long, to the thread that calls. */
	pmill_progress_fn watcher; /* or NULL */
	void *watcher_context;
	struct pmill_progress_state progress;
	struct pmill_stream stream;
};

/* Not the plan, which gets what has been learnt. */
void pmill_encoder_release(struct pmill_encoder *encoder);

/* Where the ids that follow go. */
void pmill_encoder_set_sink(struct pmill_encoder *encoder, const struct pmill_id_sink *sink);

/* Lets another thread stop the work that follows; see pmill_pretoken_cursor_set_watch. */
void pmill_encoder_set_watch(struct pmill_encoder *encoder, struct pmill_match_watch *watch);

/*
 * A call begins that goes through `len` bytes of text: reports it to the watcher if it is long, and
 * begins with what another encoder has learnt, if this one hasn't yet encoded.
 */
void pmill_encoder_begin_call(struct pmill_encoder *encoder, size_t len);

/* To be called before pretokens are encoded: sets what they need from the plan. */
void pmill_encoder_ready_pretokens(struct pmill_encoder *encoder);

/*
 * All of these give ids to `sink`, `pmill_encoder_flush` the last of them. On failure error->offset
 * is an offset in the document, or none, and the message doesn't mention it. The caller has set
 * `text_begin`.
 */

/*
 * Pretokens of a segment of `len` bytes, followed by `lookahead` more of the same segment: those
 * that begin in the first `len` bytes are encoded, and end there. Not if documents must be whole.
 */
pmill_status pmill_encoder_add_segment(struct pmill_encoder *encoder, const uint8_t *text,
	size_t len, size_t lookahead, bool is_final, pmill_error *error);

/* Ids that are known, each with the same place in the document. */
pmill_status pmill_encoder_add_ids(struct pmill_encoder *encoder, const uint32_t *ids, size_t count,
	const uint64_t place[2], pmill_error *error);

pmill_status pmill_encoder_flush(struct pmill_encoder *encoder, pmill_error *error);

/* Where [begin, end) of the piece is in the document. */
void pmill_encoder_locate(
	struct pmill_encoder *encoder, size_t begin, size_t end, uint64_t place[2]);

/* The offset of an error, from the piece to the document. `error` may be NULL. */
void pmill_encoder_set_offset(struct pmill_encoder *encoder, size_t offset, pmill_error *error);

/* A pretoken: where it begins in the piece, and how many of its bytes aren't in it. */
struct pmill_pretoken {
	const uint8_t *bytes;
	size_t len, begin, added;
};

pmill_status pmill_encoder_add_pretoken(
	struct pmill_encoder *encoder, const struct pmill_pretoken *pretoken, pmill_error *error);

/* Begins to cut a piece, if one plain step does that. */
pmill_status pmill_encoder_start_cursor(struct pmill_encoder *encoder, const uint8_t *text,
	size_t len, bool is_final, pmill_error *error);

/* Pretokens from *at on that begin before `len`, from the cursor, which has been started there. */
pmill_status pmill_encoder_add_pretokens(
	struct pmill_encoder *encoder, const uint8_t *text, size_t len, size_t *at, pmill_error *error);

/* A whole piece. */
pmill_status pmill_encoder_add_piece(
	struct pmill_encoder *encoder, const uint8_t *text, size_t len, pmill_error *error);

#endif
