import {
  startCachedExpress,
  startCachedFastify,
  startCachedHono,
  startCachedNode,
} from "../conformance/cached-servers.ts";
import { conformanceSuite } from "../conformance/conformance-suite.ts";

const skips: Readonly<Record<string, string>> = {
  "HEAD of a streamed body names its coding": "an entry is whole, so its length is known",
};

conformanceSuite("cached on node:http", { start: startCachedNode, skips });
conformanceSuite("cached in Express", { start: startCachedExpress, skips });
conformanceSuite("cached in Fastify", { start: startCachedFastify, skips });
conformanceSuite("cached in Hono", { start: startCachedHono, skips });
