import type { StoreQuery } from "./store-query.ts";

/** Signing in, and what the support team looks up about customers. */
export const ACCOUNT_QUERIES: readonly StoreQuery[] = [
  {
    name: "user-by-id",
    text: "SELECT id, email, name, status, preferences FROM users WHERE id = $1",
    calls: 200,
    values: (draws, size) => [draws.popular(size.users, 2)],
  },
  {
    name: "user-by-email",
    text: "SELECT id, name, status FROM users WHERE email = $1",
    calls: 60,
    values: (draws, size) => [`customer.${draws.uniform(size.users)}@example.com`],
  },
  {
    name: "sign-in",
    text: "SELECT id, name, status FROM users WHERE lower(email) = lower($1)",
    calls: 8,
    values: (draws, size) => [`Customer.${draws.uniform(size.users)}@Example.com`],
  },
  {
    name: "newest-users-of-country",
    text: "SELECT id, name, email, created_at FROM users WHERE country = $1 ORDER BY created_at DESC LIMIT 50",
    calls: 8,
    values: (draws) => [draws.pick(["DE", "US", "GB", "FR", "IS"])],
  },
  {
    name: "inactive-users",
    text: "SELECT count(*) FROM users WHERE status = 'active' AND last_seen_at < $1",
    calls: 4,
    values: (draws) => [draws.daysAgo(300 + draws.uniform(60))],
  },
  {
    name: "touch-last-seen",
    text: "UPDATE users SET last_seen_at = $2 WHERE id = $1",
    calls: 60,
    writes: true,
    values: (draws, size) => [draws.popular(size.users, 2), draws.daysAgo(0)],
  },
];
