/** Up to this share of the longest lifetime is taken off, at random. */
const JITTER_RATIO = 0.25;
const MS_PER_SECOND = 1_000;

/**
 * Gives each connection of a pool a lifetime of its own, between three quarters of the longest and the longest: connections that were opened
 * together, after a restart say, do not all end together.
 *
 * pg-pool reads this option anew for each connection; https://github.com/brianc/node-postgres/blob/master/packages/pg-pool/index.js
 *
 * @param poolOptions - `options` of a pg pool, which is changed
 * @param maxLifetimeMs - 0 for no limit
 */
export function jitterLifetimes(
  poolOptions: object,
  maxLifetimeMs: number,
  random: () => number,
): void {
  Object.defineProperty(poolOptions, "maxLifetimeSeconds", {
    configurable: true,
    enumerable: true,
    get: () => (maxLifetimeMs * (1 - JITTER_RATIO * random())) / MS_PER_SECOND,
  });
}
