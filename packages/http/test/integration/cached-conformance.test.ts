import {
  startCachedExpress,
  startCachedFastify,
  startCachedHono,
  startCachedNode,
} from "../conformance/cached-servers.ts";
import { conformanceSuite } from "../conformance/conformance-suite.ts";

conformanceSuite("cached on node:http", { start: startCachedNode });
conformanceSuite("cached in Express", { start: startCachedExpress });
conformanceSuite("cached in Fastify", { start: startCachedFastify });
conformanceSuite("cached in Hono", { start: startCachedHono });
