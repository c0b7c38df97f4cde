/* Large memory that is used again from one stage to the next. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_BASE_PAGE_POOL_H
#define PMILL_BASE_PAGE_POOL_H

#include <stddef.h>

/*
 * New pages have to be cleared by the system, which takes up to a tenth of a training of 0.2 s. So what one stage
 * gives back is kept for the next, up to 64 MiB. Any number of threads; counted references, since words may
 * outlive the trainer that counted them. NULL stands for the system itself.
 */
struct pmill_page_pool;

struct pmill_page_pool *pmill_page_pool_create(void); /* one reference; NULL without memory */
struct pmill_page_pool *pmill_page_pool_share(struct pmill_page_pool *pool); /* one more */
void pmill_page_pool_release(struct pmill_page_pool *pool);
/* Gives the system what is kept. */
void pmill_page_pool_drain(struct pmill_page_pool *pool);

/* As pmill_pages_allocate; raw: what is in it is not defined. Goes with pmill_page_pool_free of this pool. */
void *pmill_page_pool_allocate(struct pmill_page_pool *pool, size_t len);
void *pmill_page_pool_allocate_raw(struct pmill_page_pool *pool, size_t len);
void pmill_page_pool_free(struct pmill_page_pool *pool, void *pages, size_t len);

#endif
