import type { StoreQuery } from "./store-query.ts";

/** What visitors did. */
export const EVENT_QUERIES: readonly StoreQuery[] = [
  {
    name: "events-of-user",
    text: "SELECT id, type, payload, occurred_at FROM events WHERE user_id = $1 ORDER BY occurred_at DESC LIMIT 50",
    calls: 4,
    values: (draws, size) => [draws.popular(size.users, 2)],
  },
  {
    name: "events-of-session",
    text: "SELECT id, type, occurred_at FROM events WHERE payload ->> 'session' = $1 ORDER BY occurred_at",
    calls: 3,
    values: (draws, size) => [`s${draws.uniform(Math.floor(size.events / 8))}`],
  },
  {
    name: "failed-payments",
    text: `SELECT tenant_id, count(*) FROM events
           WHERE type = 'payment_failed' AND occurred_at >= $1 GROUP BY tenant_id ORDER BY 2 DESC LIMIT 10`,
    calls: 3,
    values: (draws) => [draws.daysAgo(2)],
  },
  {
    name: "record-event",
    text: `INSERT INTO events (id, tenant_id, user_id, type, payload, occurred_at)
           VALUES ($1, $2, $3, 'page_view', $4, $5)`,
    calls: 60,
    writes: true,
    values: (draws, size) => [
      size.events + draws.uniform(1_000_000),
      draws.uniform(120),
      draws.popular(size.users, 2),
      JSON.stringify({ session: "new", path: "/" }),
      draws.daysAgo(0),
    ],
  },
  {
    name: "delete-old-events",
    text: "DELETE FROM events WHERE tenant_id = $1 AND occurred_at < $2",
    calls: 2,
    writes: true,
    values: (draws) => [40 + draws.uniform(80), draws.daysAgo(720)],
  },
];
