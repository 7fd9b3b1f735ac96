import type { StoreQuery } from "./store-query.ts";

/** The magazine of the shop: posts and their comments. */
export const CONTENT_QUERIES: readonly StoreQuery[] = [
  {
    name: "latest-posts",
    text: `SELECT id, title, author_id, published_at FROM posts
           WHERE status = 'published' ORDER BY published_at DESC LIMIT 20`,
    calls: 10,
    values: () => [],
  },
  {
    name: "posts-of-author",
    text: `SELECT id, title, view_count, published_at FROM posts
           WHERE author_id = $1 ORDER BY published_at DESC LIMIT 10`,
    calls: 8,
    values: (draws, size) => [draws.popular(size.users, 3)],
  },
  {
    name: "comments-of-post",
    text: `SELECT c.id, c.body, c.created_at, u.name FROM comments c JOIN users u ON u.id = c.author_id
           WHERE c.post_id = $1 AND NOT c.is_flagged ORDER BY c.created_at LIMIT 50`,
    calls: 8,
    values: (draws, size) => [draws.popular(size.posts, 3)],
  },
  {
    name: "comment-counts",
    text: "SELECT post_id, count(*) FROM comments WHERE post_id = ANY($1) GROUP BY post_id",
    calls: 5,
    values: (draws, size) => [Array.from({ length: 20 }, () => draws.uniform(size.posts))],
  },
  {
    name: "comments-of-user",
    text: `SELECT c.id, c.body, p.title FROM comments c JOIN posts p ON p.id = c.post_id
           WHERE c.author_id = $1 ORDER BY c.created_at DESC LIMIT 20`,
    calls: 30,
    values: (draws, size) => [draws.popular(size.users, 2)],
  },
  {
    name: "flagged-comments",
    text: "SELECT id, post_id, author_id, body FROM comments WHERE is_flagged ORDER BY created_at DESC LIMIT 50",
    calls: 3,
    values: () => [],
  },
  {
    name: "flag-comments-of-author",
    text: "UPDATE comments SET is_flagged = true WHERE post_id = $1 AND author_id = $2",
    calls: 5,
    writes: true,
    values: (draws, size) => [draws.popular(size.posts, 3), draws.popular(size.users, 2)],
  },
];
